// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

const contentPath = "/api/v1beta/skills/content?ref="

func content() *skills.Content {
	return &skills.Content{
		Name: "x", Description: "d", Version: "1", License: "MIT", Body: "---\nname: x\n---\n<b>&",
		Files: []skills.File{{Path: "SKILL.md", Size: 20}, {Path: "a/b.txt", Size: 0}}, ETag: "sha256:ab",
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	s := &service{content: content()}
	response, body := serve(t, s).do(http.MethodGet, contentPath+"ghcr.io%2Forg%2Fx%3Av1", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"name":"x","description":"d","version":"1","license":"MIT","body":"---\nname: x\n---\n<b>&",
		"files":[{"path":"SKILL.md","size":20},{"path":"a/b.txt","size":0}]}`, body)
	assert.Equal(t, `"sha256:ab"`, response.Header.Get("ETag"))
	assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
	assert.Empty(t, response.Header.Get("Warning"))
	assert.Equal(t, []any{"ghcr.io/org/x:v1"}, s.calls)
}

func TestContentWithoutFilesHasAnEmptyList(t *testing.T) {
	t.Parallel()
	_, body := serve(t, &service{content: &skills.Content{Name: "x"}}).do(http.MethodGet, contentPath+"x", "")
	assert.JSONEq(t, `{"name":"x","description":"","version":"","license":"","body":"","files":[]}`, body)
}

func TestContentNeedsAReference(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for _, path := range []string{"/api/v1beta/skills/content", "/api/v1beta/skills/content?ref="} {
		response, body := c.do(http.MethodGet, path, "")
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		assert.Contains(t, body, `"ref"`)
	}
	assert.Empty(t, s.calls)
}

func TestContentThatTheClientHas(t *testing.T) {
	t.Parallel()
	for known, status := range map[string]int{
		`"sha256:ab"`:                  http.StatusNotModified,
		`W/"sha256:ab"`:                http.StatusNotModified,
		`"sha256:00", "sha256:ab"`:     http.StatusNotModified,
		`*`:                            http.StatusNotModified,
		`"sha256:00"`:                  http.StatusOK,
		`sha256:ab`:                    http.StatusOK,
		`"sha256:abc", W/"sha256:abd"`: http.StatusOK,
	} {
		response, body := serve(t, &service{content: content()}).do(http.MethodGet, contentPath+"x", "", "If-None-Match: "+known)
		assert.Equal(t, status, response.StatusCode, known)
		assert.Equal(t, `"sha256:ab"`, response.Header.Get("ETag"))
		assert.Equal(t, status == http.StatusNotModified, body == "", known)
	}
}

func TestStaleContentSaysSo(t *testing.T) {
	t.Parallel()
	stale := content()
	stale.Stale = true
	c := serve(t, &service{content: stale})
	for _, known := range []string{`"other"`, `"sha256:ab"`} {
		response, _ := c.do(http.MethodGet, contentPath+"x", "", "If-None-Match: "+known)
		assert.Equal(t, `110 - "Response is Stale"`, response.Header.Get("Warning"))
	}
}

func TestEntityTagIsAlwaysWellFormed(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "commit/folder", "commit/my folder", `commit/a"b`, "commit/a,b", "commit/é", "a\r\nb"} {
		odd := content()
		odd.ETag = id
		c := serve(t, &service{content: odd})
		response, _ := c.do(http.MethodGet, contentPath+"x", "")
		tag := response.Header.Get("ETag")
		inner := strings.TrimSuffix(strings.TrimPrefix(tag, `"`), `"`)
		assert.Len(t, tag, len(inner)+2, tag)
		assert.NotContains(t, inner, `"`)
		response, _ = c.do(http.MethodGet, contentPath+"x", "", "If-None-Match: "+tag)
		assert.Equal(t, http.StatusNotModified, response.StatusCode, id)
	}
}

func TestFailedContentIsNotCached(t *testing.T) {
	t.Parallel()
	s := &service{err: skills.Errorf(skills.NotFound, "nothing has the reference \"x\"")}
	response, body := serve(t, s).do(http.MethodGet, contentPath+"x", "")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, `nothing has the reference "x"`, body)
	assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	assert.Empty(t, response.Header.Get("ETag"))
}
