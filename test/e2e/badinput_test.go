// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBadFolders tries to build what is no acceptable skill. Whatever is
// wrong, the message names it and the store stays as it was.
func TestBadFolders(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "good-skill", "1", nil), "good-skill")
	before := tree(t, filepath.Join(d.data, "store"))

	// front makes a folder whose SKILL.md has this frontmatter.
	front := func(lines string) func(t *testing.T) string {
		return func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "my-skill")
			writeFiles(t, dir, map[string]string{"SKILL.md": "---\n" + lines + "\n---\nbody\n"})
			return dir
		}
	}
	// with makes a good skill and adds something to it.
	with := func(add func(t *testing.T, dir string)) func(t *testing.T) string {
		return func(t *testing.T) string {
			dir := makeSkill(t, "my-skill", "1", nil)
			add(t, dir)
			return dir
		}
	}
	tests := map[string]struct {
		folder func(t *testing.T) string
		status int
		text   string
	}{
		"a folder that does not exist": {func(t *testing.T) string { return filepath.Join(t.TempDir(), "gone") }, 400, "does not exist"},
		"no SKILL.md":                  {func(t *testing.T) string { return t.TempDir() }, 400, "no SKILL.md"},
		"a file instead of a folder": {func(t *testing.T) string {
			return filepath.Join(makeSkill(t, "my-skill", "1", nil), "SKILL.md")
		}, 400, "SKILL.md"},
		"broken YAML": {front("name: [my-skill"), 400, "frontmatter of SKILL.md is not valid"},
		"no name":     {front("description: d"), 400, "name is missing"},
		"no frontmatter": {func(t *testing.T) string {
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{"SKILL.md": "# Title\n"})
			return dir
		}, 400, "no frontmatter"},
		"an unclosed frontmatter": {func(t *testing.T) string {
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{"SKILL.md": "---\nname: my-skill\n"})
			return dir
		}, 400, "unclosed"},
		"a frontmatter over 64 KiB":  {front("name: my-skill\n" + strings.Repeat("# x\n", 17000)), 422, "64 KiB"},
		"a name in capitals":         {front("name: My-Skill"), 400, "lowercase"},
		"a name with a slash":        {front("name: ../evil"), 400, "lowercase"},
		"a name with a space":        {front("name: my skill"), 400, "lowercase"},
		"a name of one character":    {front("name: a"), 400, "at least 2"},
		"a name of 65 characters":    {front("name: " + strings.Repeat("a", 65)), 400, "at most 64"},
		"a name with a hyphen first": {front("name: -my-skill"), 400, "begin or end"},
		"a name with two hyphens":    {front("name: my--skill"), 400, "two hyphens"},
		"a name that is a list":      {front("name: [a, b]"), 400, "not valid"},
		"1,001 files": {with(func(t *testing.T, dir string) {
			for i := range 1001 {
				writeFiles(t, dir, map[string]string{fmt.Sprintf("f%d", i): ""})
			}
		}), 422, "at most 1000 files"},
		"a file over 95 MiB": {with(func(t *testing.T, dir string) {
			writeFiles(t, dir, map[string]string{"large.bin": ""})
			require.NoError(t, os.Truncate(filepath.Join(dir, "large.bin"), 95<<20+1))
		}), 422, "large.bin"},
		"a link to a file": {with(func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
		}), 400, "link is a symbolic link"},
		"a link to a folder": {with(func(t *testing.T, dir string) {
			writeFiles(t, dir, map[string]string{"sub/a": ""})
			require.NoError(t, os.Symlink("/etc", filepath.Join(dir, "sub", "link")))
		}), 400, "sub/link is a symbolic link"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(name, "link") {
				t.Skip("symbolic links need a privilege on Windows")
			}
			d := d.with(t)
			dir := tt.folder(t)
			d.post(buildPath, object{"path": dir}).is(tt.status, tt.text)
			d.post(buildPath, object{"path": dir, "tag": "v1"}).is(tt.status, tt.text)
			assert.Equal(t, before, tree(t, filepath.Join(d.data, "store")), "the store is as it was")
		})
	}
}

func TestBadPathsAndTags(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	dir := makeSkill(t, "my-skill", "1", nil)
	for name, tt := range map[string]struct {
		path any
		text string
	}{
		"none":     {"", `field "path" is missing`},
		"relative": {"my-skill", "absolute"},
		"dot-dot":  {dir + "/../my-skill", `".."`},
		"NUL":      {dir + "\x00", "NUL"},
		"a number": {7, "path"},
	} {
		t.Run("path "+name, func(t *testing.T) {
			d := d.with(t)
			d.post(buildPath, object{"path": tt.path}).is(400, tt.text)
			d.post(skillsPath+"/validate", object{"path": tt.path}).is(400, tt.text)
		})
	}
	for _, tag := range []string{"-x", ".x", "a b", "v1+x", strings.Repeat("x", 129), "ghcr.io/Org/x:v1", "ghcr.io/org/x@sha256:" + strings.Repeat("a", 64), "../../x"} {
		t.Run("tag "+tag, func(t *testing.T) {
			d := d.with(t)
			d.post(buildPath, object{"path": dir, "tag": tag}).is(400, "tag")
		})
	}
	d.post(skillsPath+"/validate", object{"path": filepath.Join(dir, "gone")}).is(200, `"valid":false`, "does not exist")
	d.post(skillsPath+"/validate", object{"path": t.TempDir()}).is(200, `"valid":false`, "no SKILL.md")
	assert.Empty(t, d.builds())
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	jsonType := http.Header{"Content-Type": {"application/json"}}
	tests := map[string]struct {
		method, path, body string
		header             http.Header
		status             int
		text               string
	}{
		"malformed JSON":          {"POST", buildPath, `{"path":`, jsonType, 400, "JSON"},
		"text after the JSON":     {"POST", buildPath, `{"path":"/x"} x`, jsonType, 400, ""},
		"an empty body":           {"POST", buildPath, "", jsonType, 400, ""},
		"an array":                {"POST", buildPath, "[]", jsonType, 400, ""},
		"no content type":         {"POST", buildPath, `{"path":"/x"}`, nil, 415, "application/json"},
		"a form":                  {"POST", buildPath, `path=/x`, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415, "application/json"},
		"plain text":              {"POST", skillsPath, `{"name":"x"}`, http.Header{"Content-Type": {"text/plain"}}, 415, "application/json"},
		"a body over 1 MiB":       {"POST", buildPath, `{"path":"` + strings.Repeat("x", 1<<20) + `"}`, jsonType, 413, "1048576 bytes"},
		"an unknown route":        {"GET", "/api/v1beta/nothing", "", nil, 404, ""},
		"an unknown method":       {"PATCH", skillsPath, "", nil, 405, ""},
		"a preview of nothing":    {"GET", contentPath, "", nil, 400, "ref"},
		"a malformed reference":   {"GET", contentPath + "?ref=%21%21", "", nil, 400, "!!"},
		"a foreign host":          {"GET", skillsPath, "", http.Header{"Host": {"evil.example"}}, 403, "evil.example"},
		"a cross-site request":    {"POST", buildPath, `{"path":"/x"}`, http.Header{"Content-Type": {"application/json"}, "Origin": {"https://evil.example"}}, 403, ""},
		"a cross-site navigation": {"DELETE", skillsPath + "/my-skill", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := d.with(t)
			a, _, err := d.try(tt.method, tt.path, tt.body, tt.header)
			require.NoError(t, err)
			a.is(tt.status, tt.text)
			assert.NotEmpty(t, a.Header.Get("X-Request-Id"))
			if tt.status >= 400 {
				assert.Equal(t, "text/plain; charset=utf-8", a.Header.Get("Content-Type"))
			}
		})
	}
	t.Run("a refusal reaches a client that is still sending", func(t *testing.T) {
		for range 10 {
			// No length and no "Expect": the client sends all it has, come what may.
			body := io.MultiReader(strings.NewReader(`{"path":"`), strings.NewReader(strings.Repeat("x", 8<<20)))
			response, err := d.client.Post(d.url+buildPath, "application/json", body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, 413, response.StatusCode)
		}
	})
	t.Run("problem details on request", func(t *testing.T) {
		d := d.with(t)
		a := d.send("GET", skillsPath+"/gone-skill", "", http.Header{"Accept": {"application/problem+json"}})
		assert.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		a.is(404, `"status":404`, `"title":"Not Found"`, `"detail":`, "gone-skill")
	})
}
