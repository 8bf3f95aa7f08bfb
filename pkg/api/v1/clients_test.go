// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

func TestDiscoverClients(t *testing.T) {
	t.Parallel()
	s := &service{resources: resources{clients: []skills.Client{{ID: "claude-code", Installed: true}, {ID: "codex"}}}}
	response, body := serve(t, s).do(http.MethodGet, "/api/v1beta/discovery/clients", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"clients":[
		{"client_type":"claude-code","installed":true,"registered":false,"supports_skills":true},
		{"client_type":"codex","installed":false,"registered":false,"supports_skills":true}]}`, body)
}
