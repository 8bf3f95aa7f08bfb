// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/api/auth"
	"github.com/skilld/skilld/pkg/skills"
)

// undecided is a verifier that never can tell.
type undecided struct{}

func (undecided) Verify(context.Context, string) error {
	return skills.Errorf(skills.Unavailable, "nobody knows")
}

func TestTokenIsNeeded(t *testing.T) {
	t.Parallel()
	const path = "/api/v1beta/skills"
	handler := newHandler(t, api.Config{Verifiers: []api.Verifier{auth.NewStatic("one"), auth.NewStatic("two")}})
	tests := map[string]struct {
		path, authorization string
		status              int
		challenge           string
	}{
		"none":                  {path, "", 401, `Bearer realm="skilld"`},
		"the first":             {path, "Bearer one", 200, ""},
		"the second":            {path, "Bearer two", 200, ""},
		"in small letters":      {path, "bearer  one ", 200, ""},
		"wrong":                 {path, "Bearer three", 401, `Bearer realm="skilld", error="invalid_token"`},
		"empty":                 {path, "Bearer ", 401, `Bearer realm="skilld"`},
		"another scheme":        {path, "Basic b25lOm9uZQ==", 401, `Bearer realm="skilld"`},
		"no scheme":             {path, "one", 401, `Bearer realm="skilld"`},
		"health":                {"/health", "", 204, ""},
		"below health":          {"/health/x", "", 401, `Bearer realm="skilld"`},
		"health in disguise":    {"/%68ealth", "", 401, `Bearer realm="skilld"`},
		"document":              {"/api/openapi.json", "", 401, `Bearer realm="skilld"`},
		"page":                  {"/api/doc/index.html", "", 401, `Bearer realm="skilld"`},
		"unknown route":         {"/nowhere", "", 401, `Bearer realm="skilld"`},
		"unknown route, known":  {"/nowhere", "Bearer one", 404, ""},
		"token in the query":    {path + "?access_token=one", "", 401, `Bearer realm="skilld"`},
		"the document, known":   {"/api/openapi.json", "Bearer one", 200, ""},
		"slash after the route": {path + "/", "", 401, `Bearer realm="skilld"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if test.authorization != "" {
				headers = []string{"Authorization: " + test.authorization}
			}
			response, body := ask(t, handler, http.MethodGet, test.path, headers...)
			assert.Equal(t, test.status, response.StatusCode, body)
			assert.Equal(t, test.challenge, response.Header.Get("WWW-Authenticate"))
			if test.status == http.StatusUnauthorized {
				assert.Contains(t, body, "bearer token")
				assert.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
				assert.NotEmpty(t, response.Header.Get("X-Request-Id"))
			}
		})
	}
}

func TestTokensThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	for _, verifiers := range [][]api.Verifier{{undecided{}, auth.NewStatic("one")}, {auth.NewStatic("one"), undecided{}}} {
		handler := newHandler(t, api.Config{Verifiers: verifiers})
		response, body := ask(t, handler, http.MethodGet, "/api/v1beta/skills", "Authorization: Bearer x")
		assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
		assert.Equal(t, "nobody knows", body)
		assert.Empty(t, response.Header.Get("WWW-Authenticate"))
		response, _ = ask(t, handler, http.MethodGet, "/api/v1beta/skills", "Authorization: Bearer one")
		assert.Equal(t, http.StatusOK, response.StatusCode)
	}
}

// A browser asks what a trusted page may send without the page's token, and
// must be told of a refusal in a way that the page can read.
func TestTokenAndCORS(t *testing.T) {
	t.Parallel()
	const path = "/api/v1beta/skills"
	origin := []string{"Origin: https://app.example.com", "Sec-Fetch-Site: cross-site"}
	handler := newHandler(t, api.Config{Verifiers: []api.Verifier{auth.NewStatic("one")}, Origins: []string{"https://app.example.com"}})
	response, _ := ask(t, handler, http.MethodOptions, path,
		append(origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")...)
	assert.Equal(t, http.StatusNoContent, response.StatusCode)
	allowed := response.Header.Get("Access-Control-Allow-Headers")
	for _, name := range []string{"Authorization", "Content-Type", "If-None-Match", "X-Request-Id"} {
		assert.Contains(t, allowed, name)
	}
	response, _ = ask(t, handler, http.MethodGet, path, origin...)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
	assert.Equal(t, "https://app.example.com", response.Header.Get("Access-Control-Allow-Origin"))
	response, _ = ask(t, handler, http.MethodGet, path, append(origin, "Authorization: Bearer one")...)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	exposed := response.Header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"ETag", "Location", "Retry-After", "Warning", "X-Request-Id"} {
		assert.Contains(t, exposed, name)
	}

	// A good token does not let a page of another site in.
	response, _ = ask(t, handler, http.MethodDelete, path+"/pdf-tools", "Origin: https://evil.example", "Authorization: Bearer one")
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
	response, _ = ask(t, handler, http.MethodOptions, path, "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
}

func TestExposed(t *testing.T) {
	t.Parallel()
	for host, exposed := range map[string]bool{
		"127.0.0.1": false, "127.9.8.7": false, "::1": false, "::ffff:127.0.0.1": false, "localhost": false,
		"": true, "0.0.0.0": true, "::": true, "10.0.0.1": true, "192.0.2.1": true, "fd00::1": true, "fe80::1%eth0": true,
	} {
		got, err := api.ListenConfig{Host: host}.Exposed(t.Context())
		assert.NoError(t, err, host)
		assert.Equal(t, exposed, got, host)
		got, err = api.ListenConfig{Host: host, Socket: "/run/skilld.sock"}.Exposed(t.Context())
		assert.NoError(t, err, host)
		assert.False(t, got, "a socket is for its owner")
	}
	_, err := api.ListenConfig{Host: strings.Repeat("x", 300)}.Exposed(t.Context())
	assert.Error(t, err)
}
