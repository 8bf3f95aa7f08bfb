// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	registryPath = "/api/v1beta/registry"
	catalogPath  = "/registry/default/v0.1/x/dev.toolhive/skills"
	entryJSON    = `{
		"namespace":"io.github.org","name":"pdf-tools","description":"Fills <forms>","version":"1.0.0","status":"active","title":"PDF",
		"license":"MIT","compatibility":"python3","allowedTools":["Read"],"repository":{"url":"https://github.com/org/x","type":"git"},
		"icons":[{"src":"https://x/i.png","sizes":["16x16"]}],
		"packages":[{"registryType":"oci","identifier":"ghcr.io/org/pdf-tools:v1","digest":"sha256:ab","mediaType":"m"},
			{"registryType":"git","url":"https://github.com/org/x","ref":"v1","commit":"c","subfolder":"s"}],
		"metadata":{"stars":12345678901234567890,"any":[1,{}]},"_meta":{"io.x":{"y":null}}}`
)

func fullEntry(t *testing.T) skills.CatalogEntry {
	t.Helper()
	var e skills.CatalogEntry
	require.NoError(t, json.Unmarshal([]byte(entryJSON), &e))
	return e
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	s := &service{resources: resources{catalog: skills.CatalogInfo{
		Version: "1.2", LastUpdated: "2026-05-01T00:00:00Z", Type: skills.CatalogFile, Source: "/x/c.json",
	}}}
	c := serve(t, s)
	const object = `{"name":"default","version":"1.2","last_updated":"2026-05-01T00:00:00Z","server_count":0,"type":"file","source":"/x/c.json"}`
	response, body := c.do(http.MethodGet, registryPath, "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"registries":[`+object+`]}`, body)
	response, body = c.do(http.MethodGet, registryPath+"/default", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, object, body)

	for _, name := range []string{"Default", "other", "a%2Fdefault"} {
		response, body = c.do(http.MethodGet, registryPath+"/"+name, "")
		assert.Equal(t, http.StatusNotFound, response.StatusCode, name)
		assert.Contains(t, body, "default", "the message says which one there is")
		response, _ = c.do(http.MethodPut, registryPath+"/"+name, "{}")
		assert.Equal(t, http.StatusNotFound, response.StatusCode, name)
	}
}

func TestChooseTheSource(t *testing.T) {
	t.Parallel()
	for body, choice := range map[string]skills.CatalogChoice{
		`{}`:                         {},
		`{"local_path":"/x/c.json"}`: {LocalPath: "/x/c.json"},
		`{"url":"http://x/c.json","allow_private_ip":true}`: {URL: "http://x/c.json", AllowPrivateIP: true},
		`{"api_url":"https://x","more":1}`:                  {APIURL: "https://x"},
	} {
		s := &service{resources: resources{catalog: skills.CatalogInfo{Type: skills.CatalogURL}}}
		response, answer := serve(t, s).do(http.MethodPut, registryPath+"/default", body)
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.JSONEq(t, `{"type":"url"}`, answer)
		assert.Equal(t, []any{choice}, s.calls)
	}
}

func TestBrowse(t *testing.T) {
	t.Parallel()
	s := &service{resources: resources{page: skills.CatalogPage{Entries: []skills.CatalogEntry{fullEntry(t)}, Total: 120, Page: 3, Limit: 20}}}
	response, body := serve(t, s).do(http.MethodGet, catalogPath+"?q=pdf%20x&page=3&limit=20", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"skills":[`+entryJSON+`],"metadata":{"total":120,"page":3,"limit":20}}`, body)
	assert.Contains(t, body, "12345678901234567890", "numbers are kept as they came")
	assert.Equal(t, []any{skills.BrowseOptions{Query: "pdf x", Page: 3, Limit: 20}}, s.calls)

	s = &service{resources: resources{page: skills.CatalogPage{Page: 1, Limit: 50}}}
	_, body = serve(t, s).do(http.MethodGet, catalogPath, "")
	assert.JSONEq(t, `{"skills":[],"metadata":{"total":0,"page":1,"limit":50}}`, body)
	assert.Equal(t, []any{skills.BrowseOptions{}}, s.calls)
}

func TestBrowsePageMustCount(t *testing.T) {
	t.Parallel()
	s := &service{resources: resources{page: skills.CatalogPage{Page: 1, Limit: 200}}}
	c := serve(t, s)
	for _, query := range []string{"page=0", "page=-1", "page=one", "page=1.5", "page=-99999999999999999999", "limit=0", "limit=x", "limit=-3", "page=1%zz"} {
		_, response, body := c.send(http.MethodGet, catalogPath+"?"+query, "")
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, query)
		assert.NotEmpty(t, body)
	}
	assert.Empty(t, s.calls)
	_, response, _ := c.send(http.MethodGet, catalogPath+"?page=99999999999999999999&limit=1000", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, []any{skills.BrowseOptions{Page: math.MaxInt, Limit: 1000}}, s.calls)
}

func TestCatalogEntry(t *testing.T) {
	t.Parallel()
	for escaped, key := range map[string]entryKey{
		"io.github.org/pdf-tools":     {"io.github.org", "pdf-tools"},
		"io.github.org%2Fsub/PDF%20x": {"io.github.org/sub", "PDF x"},
		"..%2F../x":                   {"../..", "x"},
	} {
		s := &service{resources: resources{entry: fullEntry(t)}}
		response, body := serve(t, s).do(http.MethodGet, catalogPath+"/"+escaped, "")
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.JSONEq(t, entryJSON, body)
		assert.Equal(t, []any{key}, s.calls)
	}
}

// Clients of registry APIs expect another 404 than the rest of the API has.
func TestCatalogNotFoundHasACode(t *testing.T) {
	t.Parallel()
	s := &service{err: skills.Errorf(skills.NotFound, "no such skill")}
	c := serve(t, s)
	response, body := c.do(http.MethodGet, catalogPath+"/org/x", "")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"code":"not_found","message":"no such skill"}`, body)
	response, body = c.do(http.MethodGet, catalogPath+"/org/x", "", "Accept: application/problem+json")
	assert.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	assert.Contains(t, body, `"detail":"no such skill"`)

	for _, path := range []string{"", "/org/x"} {
		response, body = c.do(http.MethodGet, "/registry/other/v0.1/x/dev.toolhive/skills"+path, "")
		assert.Equal(t, http.StatusNotFound, response.StatusCode)
		assert.Contains(t, body, `"code":"not_found"`)
		assert.Contains(t, body, "other")
	}
}
