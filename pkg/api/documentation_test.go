// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/skilld/skilld/docs/server"
	"github.com/skilld/skilld/pkg/api"
)

func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	handler := newHandler(t, api.Config{})
	response, body := ask(t, handler, http.MethodGet, "/api/openapi.json", "Range: bytes=0-9")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	assert.Equal(t, string(server.Document), body)

	tag := response.Header.Get("ETag")
	assert.Regexp(t, `^"[0-9a-f]{64}"$`, tag)
	response, body = ask(t, handler, http.MethodGet, "/api/openapi.json", "If-None-Match: "+tag)
	assert.Equal(t, http.StatusNotModified, response.StatusCode)
	assert.Empty(t, body)
}

func TestBothFormsOfTheDocumentSayTheSame(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/server/swagger.yaml")
	require.NoError(t, err)
	var fromYAML any
	require.NoError(t, yaml.Unmarshal(text, &fromYAML))
	again, err := json.Marshal(fromYAML)
	require.NoError(t, err)
	assert.JSONEq(t, string(server.Document), string(again))
	assert.True(t, bytes.HasSuffix(server.Document, []byte("}\n")))
}

func TestPageAndEverythingOnItLoads(t *testing.T) {
	t.Parallel()
	handler := newHandler(t, api.Config{})
	for _, path := range []string{"/api/doc", "/api/doc/"} {
		response, _ := ask(t, handler, http.MethodGet, path)
		assert.Equal(t, http.StatusFound, response.StatusCode)
		assert.Equal(t, "/api/doc/index.html", response.Header.Get("Location"))
	}
	response, page := ask(t, handler, http.MethodGet, "/api/doc/index.html?deep=link")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
	assert.Contains(t, strings.ReplaceAll(page, `\/`, "/"), `url: "/api/openapi.json"`)

	links := regexp.MustCompile(`(?:src|href)="([^"#]+)"`).FindAllStringSubmatch(page, -1)
	require.Len(t, links, 5)
	types := map[string]string{".js": "javascript", ".css": "text/css", ".png": "image/png"}
	for _, link := range links {
		name, local := strings.CutPrefix(link[1], "./")
		require.True(t, local, "%s leads away", link[1])
		file, content := ask(t, handler, http.MethodGet, "/api/doc/"+name)
		assert.Equal(t, http.StatusOK, file.StatusCode, name)
		assert.Contains(t, file.Header.Get("Content-Type"), types[name[strings.LastIndex(name, "."):]], name)
		assert.NotEmpty(t, content, name)
	}
}

func TestPagePolicyAllowsItsOwnScriptsAndNothingElse(t *testing.T) {
	t.Parallel()
	response, page := ask(t, newHandler(t, api.Config{}), http.MethodGet, "/api/doc/index.html")
	policy := response.Header.Get("Content-Security-Policy")
	inline := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	require.Len(t, inline, 1)
	sum := sha256.Sum256([]byte(inline[0][1]))
	assert.Contains(t, policy, "script-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
	assert.NotContains(t, policy, "http")
	assert.NotContains(t, policy, "*")
}
