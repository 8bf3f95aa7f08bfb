// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/skills"
)

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path string
		status       int
		allow        string
	}{
		"unknown route":           {"GET", "/nowhere", 404, ""},
		"root":                    {"GET", "/", 404, ""},
		"below a route":           {"GET", "/health/x", 404, ""},
		"doubled slash":           {"GET", "/api//v1beta/skills", 404, ""},
		"dots":                    {"GET", "/api/v1beta/x/../skills", 404, ""},
		"unknown route, POST":     {"POST", "/nowhere", 404, ""},
		"unknown route, odd verb": {"BREW", "/nowhere", 404, ""},
		"wrong method":            {"PUT", "/api/v1beta/skills", 405, "GET, HEAD, POST"},
		"wrong method, parameter": {"POST", "/api/v1beta/skills/pdf-tools", 405, "GET, HEAD, DELETE"},
		"odd verb":                {"BREW", "/health", 405, "GET, HEAD"},
		"options":                 {"OPTIONS", "/api/v1beta/version", 405, "GET, HEAD"},
		"get of a tag":            {"GET", "/api/v1beta/skills/builds/v1", 405, "DELETE"},
		"head of a tag":           {"HEAD", "/api/v1beta/skills/builds/v1", 405, "DELETE"},
		"page of other files":     {"GET", "/api/doc/swagger-initializer.js", 404, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := ask(t, newHandler(t, api.Config{}), test.method, test.path)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Equal(t, test.allow, response.Header.Get("Allow"))
			assert.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
			assert.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
			assert.NotEmpty(t, response.Header.Get("X-Request-Id"))
			if test.method == http.MethodHead {
				return
			}
			assert.Contains(t, body, test.path)
			response, body = ask(t, newHandler(t, api.Config{}), test.method, test.path, "Accept: application/problem+json")
			assert.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
			assert.Contains(t, body, test.path)
		})
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/health", "/api/v1beta/version", "/api/v1beta/skills", "/api/v1beta/skills/builds", "/api/v1beta/skills/content?ref=x",
		"/api/openapi.json", "/api/doc", "/api/doc/index.html", "/api/doc/swagger-ui.css", "/nowhere",
	} {
		get, _ := ask(t, newHandler(t, api.Config{}), http.MethodGet, path)
		head, body := ask(t, newHandler(t, api.Config{}), http.MethodHead, path)
		assert.Empty(t, body)
		assert.Equal(t, get.StatusCode, head.StatusCode, path)
		for _, name := range []string{"Content-Type", "ETag", "Location", "Cache-Control"} {
			assert.Equal(t, get.Header.Get(name), head.Header.Get(name), path)
		}
	}
}

func TestSlashAtTheEnd(t *testing.T) {
	t.Parallel()
	handler := newHandler(t, api.Config{})
	for _, path := range []string{"/health/", "/api/v1beta/skills/", "/api/v1beta/skills/builds/", "/api/v1beta/version/", "/api/doc/"} {
		plain, _ := ask(t, handler, http.MethodGet, strings.TrimSuffix(path, "/"))
		response, _ := ask(t, handler, http.MethodGet, path)
		assert.Equal(t, plain.StatusCode, response.StatusCode, path)
		assert.Less(t, response.StatusCode, 400, path)
	}
	response, _ := ask(t, handler, http.MethodDelete, "/api/v1beta/skills/builds/")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	response, _ = ask(t, handler, http.MethodDelete, "/api/v1beta/skills/pdf-tools/")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	handler := newHandler(t, api.Config{})
	for _, path := range []string{"/health", "/api/v1beta/skills", "/api/openapi.json", "/api/doc/index.html", "/nowhere"} {
		response, _ := ask(t, handler, http.MethodGet, path)
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		} {
			assert.Equal(t, value, response.Header.Get(name), path)
		}
		policy := response.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.Contains(t, policy, "frame-ancestors 'none'", path)
	}
	response, _ := ask(t, handler, http.MethodGet, "/api/v1beta/skills")
	assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
}

func TestNewRefusesMalformedHostsAndOrigins(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "http://example.com", "example.com/x", "*.example.com", "a b", "me@example.com"} {
		_, err := api.New(api.Config{Hosts: []string{host}})
		assert.True(t, skills.IsKind(err, skills.Invalid), host)
	}
	for _, origin := range []string{"", "example.com", "https://", "https://example.com/", "null", "*"} {
		_, err := api.New(api.Config{Origins: []string{origin}})
		assert.True(t, skills.IsKind(err, skills.Invalid), origin)
	}
}

// The page's own files are no part of the API.
const pageFile = "GET /api/doc/{file}"

func TestRoutesAreTheOnesOfTheDocument(t *testing.T) {
	t.Parallel()
	var routes []string
	router := newHandler(t, api.Config{Metrics: http.NotFoundHandler()}).(chi.Routes)
	require.NoError(t, chi.Walk(router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes = append(routes, method+" "+strings.Replace(route, "/builds/*", "/builds/{tag}", 1))
		return nil
	}))
	routes = slices.DeleteFunc(routes, func(route string) bool { return route == pageFile })

	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(server.Document, &document))
	var documented []string
	for path, operations := range document.Paths {
		for method := range operations {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	assert.ElementsMatch(t, routes, documented)
}
