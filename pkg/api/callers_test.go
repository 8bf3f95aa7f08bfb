// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/api"
)

func TestHostMustBeOneOfOurs(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST:1": true, "localhost.": true, "skilld.localhost:8080": true,
		"127.0.0.1": true, "127.0.0.1:8080": true, "127.8.9.10:80": true, "[::1]": true, "[::1]:8080": true,
		"[::ffff:127.0.0.1]:80": true,
		// the configured ones
		"192.168.1.5:8080": true, "skills.example.com": true, "Skills.Example.COM:443": true, "[fd00::5]:80": true,

		"example.com": false, "example.com:8080": false, "localhost.example.com": false, "notlocalhost": false,
		"127.0.0.1.example.com": false, "128.0.0.1": false, "0.0.0.0:8080": false, "192.168.1.6": false,
		"[::2]:80": false, "[fd00::6]": false, "sub.skills.example.com": false, "127.1": false, "2130706433": false,
	}
	handler := newHandler(t, api.Config{Hosts: []string{"192.168.1.5", "skills.example.com", "fd00::5"}})
	for host, ok := range tests {
		for _, path := range []string{"/health", "/api/v1beta/skills", "/api/openapi.json", "/api/doc/index.html"} {
			response, body := ask(t, handler, http.MethodGet, path, "Host: "+host)
			if ok {
				assert.Less(t, response.StatusCode, 300, "%s %s", host, path)
				continue
			}
			assert.Equal(t, http.StatusForbidden, response.StatusCode, "%s %s", host, path)
			assert.Contains(t, body, host)
		}
	}
}

func TestAnyHostWillDoOverTheSocket(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"skilld", "example.com", "unix"} {
		response, _ := ask(t, newHandler(t, api.Config{OverSocket: true}), http.MethodGet, "/health", "Host: "+host)
		assert.Equal(t, http.StatusNoContent, response.StatusCode)
	}
}

func TestWebPagesOfOtherSitesMayNotCall(t *testing.T) {
	t.Parallel()
	const (
		remove  = "/api/v1beta/skills/pdf-tools"
		content = "/api/v1beta/skills/content?ref=ghcr.io/org/x:v1"
		list    = "/api/v1beta/skills"
	)
	tests := map[string]struct {
		method, path string
		headers      []string
		status       int
	}{
		"no browser":                      {"DELETE", remove, nil, 204},
		"own page":                        {"DELETE", remove, []string{"Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:8080"}, 204},
		"address bar":                     {"GET", content, []string{"Sec-Fetch-Site: none"}, 200},
		"other site":                      {"DELETE", remove, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 403},
		"other port of this machine":      {"DELETE", remove, []string{"Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1:9999"}, 403},
		"older browser":                   {"DELETE", remove, []string{"Origin: https://evil.example"}, 403},
		"older browser, own page":         {"DELETE", remove, []string{"Host: localhost:8080", "Origin: http://localhost:8080"}, 204},
		"sandboxed frame":                 {"DELETE", remove, []string{"Origin: null"}, 403},
		"form":                            {"POST", list, []string{"Sec-Fetch-Site: cross-site", "Content-Type: application/x-www-form-urlencoded"}, 403},
		"image that makes us pull":        {"GET", content, []string{"Sec-Fetch-Site: cross-site"}, 403},
		"image, slash at the end":         {"GET", "/api/v1beta/skills/content/?ref=x", []string{"Sec-Fetch-Site: cross-site"}, 403},
		"image, HEAD":                     {"HEAD", content, []string{"Sec-Fetch-Site: cross-site"}, 403},
		"reading what it cannot see":      {"GET", list, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, 200},
		"following a link to the docs":    {"GET", "/api/doc/index.html", []string{"Sec-Fetch-Site: cross-site"}, 200},
		"trusted page":                    {"DELETE", remove, []string{"Sec-Fetch-Site: cross-site", "Origin: https://app.example.com"}, 204},
		"trusted page, content":           {"GET", content, []string{"Sec-Fetch-Site: cross-site", "Origin: https://app.example.com"}, 200},
		"trusted name, another scheme":    {"DELETE", remove, []string{"Origin: http://app.example.com"}, 403},
		"trusted name, another port":      {"DELETE", remove, []string{"Origin: https://app.example.com:444"}, 403},
		"trusted name as a prefix":        {"DELETE", remove, []string{"Origin: https://app.example.com.evil.example"}, 403},
		"trusted, in the operator's caps": {"DELETE", remove, []string{"Sec-Fetch-Site: cross-site", "Origin: http://upper.example.com"}, 204},
	}
	handler := newHandler(t, api.Config{Origins: []string{"https://app.example.com", "HTTP://Upper.example.com"}})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := ask(t, handler, test.method, test.path, test.headers...)
			assert.Equal(t, test.status, response.StatusCode, body)
			if test.status == http.StatusForbidden && test.method != http.MethodHead {
				assert.Contains(t, body, "--allow-origin")
			}
		})
	}
}

// An escaped letter in the path must not hide the route from the protection.
func TestEscapedContentRouteIsNoWayRound(t *testing.T) {
	t.Parallel()
	response, _ := ask(t, newHandler(t, api.Config{}), http.MethodGet,
		"/api/v1beta/skills/%63ontent?ref=x", "Sec-Fetch-Site: cross-site")
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
}

func TestCORSIsForTrustedOriginsOnly(t *testing.T) {
	t.Parallel()
	const path = "/api/v1beta/skills"
	handler := newHandler(t, api.Config{Origins: []string{"https://app.example.com"}})

	response, _ := ask(t, handler, http.MethodGet, path, "Origin: https://app.example.com", "Sec-Fetch-Site: cross-site")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "https://app.example.com", response.Header.Get("Access-Control-Allow-Origin"))
	assert.Contains(t, response.Header.Get("Access-Control-Expose-Headers"), "ETag")
	assert.Contains(t, response.Header.Values("Vary"), "Origin")

	// Without a reference it is refused before the first event.
	response, _ = ask(t, handler, http.MethodGet, "/api/v1beta/skills/content", "Accept: text/event-stream")
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.ElementsMatch(t, []string{"Accept", "Origin"}, response.Header.Values("Vary"))

	preflight := []string{"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type", "Sec-Fetch-Site: cross-site"}
	response, _ = ask(t, handler, http.MethodOptions, path, append(preflight, "Origin: https://app.example.com")...)
	assert.Equal(t, http.StatusNoContent, response.StatusCode)
	assert.Equal(t, "https://app.example.com", response.Header.Get("Access-Control-Allow-Origin"))
	assert.Contains(t, response.Header.Get("Access-Control-Allow-Methods"), "DELETE")
	assert.Contains(t, response.Header.Get("Access-Control-Allow-Headers"), "Content-Type")
	assert.Empty(t, response.Header.Get("Access-Control-Allow-Credentials"))

	for _, origin := range []string{"https://evil.example", "null", "http://app.example.com"} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			response, _ = ask(t, handler, method, path, append(preflight, "Origin: "+origin)...)
			for name := range response.Header {
				assert.NotContains(t, name, "Access-Control", "%s from %s", method, origin)
			}
		}
	}
	response, _ = ask(t, newHandler(t, api.Config{}), http.MethodOptions, path, append(preflight, "Origin: https://app.example.com")...)
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	assert.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
}
