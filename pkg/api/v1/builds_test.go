// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	s := &service{validation: skills.ValidationResult{Errors: []string{"no SKILL.md"}}}
	response, body := serve(t, s).do(http.MethodPost, "/api/v1beta/skills/validate", `{"path":"/tmp/x"}`)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"valid":false,"errors":["no SKILL.md"],"warnings":[]}`, body)
	assert.Equal(t, []any{"/tmp/x"}, s.calls)
}

func TestBuild(t *testing.T) {
	t.Parallel()
	s := &service{result: skills.BuildResult{Reference: "ghcr.io/org/x:v1", Digest: "sha256:abababababababababababababababababababababababababababababababab"}}
	response, body := serve(t, s).do(http.MethodPost, "/api/v1beta/skills/build", `{"path":"/tmp/x","tag":"ghcr.io/org/x:v1"}`,
		"Content-Type: application/json; charset=utf-8")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"reference":"ghcr.io/org/x:v1","digest":"sha256:abababababababababababababababababababababababababababababababab"}`, body)
	assert.Equal(t, []any{skills.BuildOptions{Path: "/tmp/x", Tag: "ghcr.io/org/x:v1"}}, s.calls)
}

func TestPush(t *testing.T) {
	t.Parallel()
	s := &service{}
	response, body := serve(t, s).do(http.MethodPost, "/api/v1beta/skills/push",
		`{"reference":"ghcr.io/org/x:v1","no_sign":true,"key":"k","identity_token":"i"}`)
	assert.Equal(t, http.StatusNoContent, response.StatusCode)
	assert.Empty(t, body)
	assert.Equal(t, []any{skills.PushOptions{Reference: "ghcr.io/org/x:v1", Key: "k", IdentityToken: "i"}}, s.calls)
}

func TestRequiredFieldsAreNamed(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for path, field := range map[string]string{"validate": `"path"`, "build": `"path"`, "push": `"reference"`} {
		response, body := c.do(http.MethodPost, "/api/v1beta/skills/"+path, `{}`)
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		assert.Contains(t, body, field)
	}
	assert.Empty(t, s.calls)
}

func TestListBuilds(t *testing.T) {
	t.Parallel()
	s := &service{builds: []skills.Build{
		{Tag: "ghcr.io/org/x:v1", Digest: "sha256:abababababababababababababababababababababababababababababababab", Name: "x", Description: "d", Version: "1"}, {Tag: "y", Digest: "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", Name: "y"},
	}}
	response, body := serve(t, s).do(http.MethodGet, "/api/v1beta/skills/builds", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"builds":[
		{"tag":"ghcr.io/org/x:v1","digest":"sha256:abababababababababababababababababababababababababababababababab","name":"x","description":"d","version":"1"},
		{"tag":"y","digest":"sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","name":"y","description":"","version":""}]}`, body)
}

func TestDeleteBuildTakesTheTagInAnyEncoding(t *testing.T) {
	t.Parallel()
	for escaped, tag := range map[string]string{
		"v1":                             "v1",
		"ghcr.io%2Forg%2Fname%3Av1":      "ghcr.io/org/name:v1",
		"ghcr.io%2forg%2fname:v1":        "ghcr.io/org/name:v1",
		"ghcr.io/org/name:v1":            "ghcr.io/org/name:v1",
		"localhost:5000%2Fa%2Fb%3Av1":    "localhost:5000/a/b:v1",
		"a%252Fb":                        "a%2Fb",
		"name@sha256%3Aab":               "name@sha256:ab",
		"..%2F..%2Fskills":               "../../skills",
		"ghcr.io%2Forg%2Fname%3Av1/more": "ghcr.io/org/name:v1/more",
	} {
		s := &service{}
		_, response, _ := serve(t, s).send(http.MethodDelete, "/api/v1beta/skills/builds/"+escaped, "")
		require.Equal(t, http.StatusNoContent, response.StatusCode, escaped)
		assert.Equal(t, []any{tag}, s.calls, escaped)
	}
}

// A script that deletes builds/$TAG with an empty variable must not hit a skill
// that is called "builds".
func TestDeleteOfNoBuildIsRefused(t *testing.T) {
	t.Parallel()
	s := &service{}
	_, response, body := serve(t, s).send(http.MethodDelete, "/api/v1beta/skills/builds/", "")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, body, "no tag")
	assert.Empty(t, s.calls)
}

func TestDeleteEncodedBuildIsInTheDocument(t *testing.T) {
	t.Parallel()
	s := &service{err: skills.Errorf(skills.NotFound, "no local build has the tag \"a/b:c\"")}
	response, body := serve(t, s).do(http.MethodDelete, "/api/v1beta/skills/builds/a%2Fb%3Ac", "")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, `no local build has the tag "a/b:c"`, body)
}
