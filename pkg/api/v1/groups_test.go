// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

const groupsPath = "/api/v1beta/groups"

func TestListGroups(t *testing.T) {
	t.Parallel()
	s := &service{resources: resources{groups: []skills.Group{{Name: "default", Skills: []string{"ocr", "pdf-tools"}}, {Name: "my team"}}}}
	response, body := serve(t, s).do(http.MethodGet, groupsPath, "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"groups":[
		{"name":"default","registered_clients":[],"skills":["ocr","pdf-tools"]},
		{"name":"my team","registered_clients":[],"skills":[]}]}`, body)
}

func TestCreateGroup(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	response, body := c.do(http.MethodPost, groupsPath, `{"name":"my team"}`)
	assert.Equal(t, http.StatusCreated, response.StatusCode)
	assert.Equal(t, groupsPath+"/my%20team", response.Header.Get("Location"))
	assert.JSONEq(t, `{"name":"my team"}`, body)
	response, body = c.do(http.MethodPost, groupsPath, `{}`)
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, body, `"name"`)
	assert.Equal(t, []any{"my team"}, s.calls)
}

func TestGroupNamesAreDecodedOnce(t *testing.T) {
	t.Parallel()
	for escaped, name := range map[string]string{"team": "team", "my%20team": "my team", "a%252Fb": "a%2Fb", "..%2F..": "../.."} {
		s := &service{resources: resources{groups: []skills.Group{{Name: name}}}}
		c := serve(t, s)
		response, _ := c.do(http.MethodGet, groupsPath+"/"+escaped, "")
		assert.Equal(t, http.StatusOK, response.StatusCode)
		response, body := c.do(http.MethodDelete, groupsPath+"/"+escaped, "")
		assert.Equal(t, http.StatusNoContent, response.StatusCode)
		assert.Empty(t, body)
		assert.Equal(t, []any{name, name}, s.calls)
	}
}
