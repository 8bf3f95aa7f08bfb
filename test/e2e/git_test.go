// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/internal/registrytest"
)

// private lets a daemon speak to git servers and catalogues on loopback.
var private = []string{"--allow-private-hosts"}

// skillFiles is a skill in a repository, below a folder.
func skillFiles(folder, name, version string) map[string]string {
	files := map[string]string{
		"SKILL.md":     "---\nname: " + name + "\ndescription: d\nversion: \"" + version + "\"\n---\nversion " + version + "\n",
		"notes/one.md": "one " + version,
	}
	if folder == "" {
		return files
	}
	below := make(map[string]string)
	for path, text := range files {
		below[folder+"/"+path] = text
	}
	return below
}

// TestGitReferences previews and installs every form of a git reference.
func TestGitReferences(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/repo")
	first := repo.Commit("main", skillFiles("", "my-skill", "1"))
	repo.Tag("light", first)
	repo.AnnotatedTag("heavy", first)
	branch := repo.Commit("feature/x", skillFiles("", "my-skill", "2"))
	sub := repo.Commit("sub", skillFiles("skills/my-skill", "my-skill", "3"))
	tip := repo.Commit("main", skillFiles("", "my-skill", "4"))
	tests := map[string]struct{ suffix, commit, version string }{
		"no ref":            {"", tip, "4"},
		"a branch":          {"@feature/x", branch, "2"},
		"a lightweight tag": {"@light", first, "1"},
		"an annotated tag":  {"@heavy", first, "1"},
		"a full commit":     {"@" + first, first, "1"},
		"a subfolder":       {"@sub#skills/my-skill", sub, "3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, options{flags: private})
			ref := server.Reference("org/repo", tt.suffix)
			preview := d.content(ref).is(200, "version "+tt.version, `"notes/one.md"`, `"version":"`+tt.version+`"`)
			assert.Contains(t, preview.Header.Get("ETag"), tt.commit)
			d.send(http.MethodGet, contentPath+"?ref="+strings.ReplaceAll(ref, "#", "%23"), "", http.Header{"If-None-Match": {preview.Header.Get("ETag")}}).is(304)
			skill := d.mustInstall(object{"name": ref})
			assert.Equal(t, ref, skill.Reference)
			assert.Equal(t, tt.commit, skill.Digest)
			assert.Equal(t, skillFiles("", "my-skill", tt.version), tree(t, d.claude("my-skill")))
			mark := filepath.Join(d.claude("my-skill"), "mark")
			writeFiles(t, d.claude("my-skill"), map[string]string{"mark": ""})
			assert.Equal(t, skill, d.mustInstall(object{"name": ref}))
			assert.FileExists(t, mark, "the same commit again writes nothing")
		})
	}
}

// TestGitFailures looks at what a caller gets when a git source fails.
func TestGitFailures(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/repo")
	repo.Commit("main", skillFiles("", "my-skill", "1"))
	repo.Commit("empty", map[string]string{"README.md": "no skill"})
	repo.Commit("bad-name", skillFiles("", "Bad_Name", "1"))
	repo.CommitEntries("link", gittest.Entry{Mode: gittest.File, Path: "SKILL.md", Data: skillFiles("", "my-skill", "1")["SKILL.md"]},
		gittest.Entry{Mode: gittest.Symlink, Path: "link", Data: "/etc/passwd"})
	d := start(t, options{flags: private})
	both := func(t *testing.T, d *daemon, ref string, status int, texts ...string) {
		t.Helper()
		d.content(ref).is(status, texts...)
		d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}}).is(status, texts...)
	}
	for name, tt := range map[string]struct {
		ref    string
		status int
		text   string
	}{
		"a missing repository": {server.Reference("org/gone", ""), 502, "org/gone"},
		"a missing ref":        {server.Reference("org/repo", "@gone"), 502, "gone"},
		"a missing folder":     {server.Reference("org/repo", "#gone"), 502, "gone"},
		"no SKILL.md":          {server.Reference("org/repo", "@empty"), 422, "SKILL.md"},
		"a bad name":           {server.Reference("org/repo", "@bad-name"), 422, "Bad_Name"},
		"a symbolic link":      {server.Reference("org/repo", "@link"), 422, "link"},
		"a host that is down":  {"git://127.0.0.1:1/org/repo", 502, "127.0.0.1:1"},
		"no repo":              {"git://example.com/org", 400, "git://example.com/org"},
		"dot-dot":              {"git://example.com/org/repo#../x", 400, ".."},
		"a backslash":          {`git://example.com/org/repo#a\b`, 400, "backslash"},
		"a shell character":    {"git://example.com/org/repo@x;y", 400, "x;y"},
		"an absolute folder":   {"git://example.com/org/repo#/etc", 400, "/etc"},
	} {
		t.Run(name, func(t *testing.T) { both(t, d.with(t), tt.ref, tt.status, tt.text) })
	}
	for name, tt := range map[string]struct {
		intercept gittest.Interceptor
		status    int
	}{
		"refused credentials": {gittest.Status(401, "", "who are you?"), 401},
		"forbidden":           {gittest.Status(403, "", "not for you"), 401},
		"a rate limit":        {gittest.Status(429, "33", "slow down"), 429},
		"an error":            {gittest.Status(500, "", "out of order"), 502},
	} {
		t.Run(name, func(t *testing.T) {
			server.Intercept(tt.intercept)
			defer server.Intercept(nil)
			d := d.with(t)
			both(t, d, server.Reference("org/repo", ""), tt.status, "org/repo")
			if tt.status == 429 {
				assert.Equal(t, "33", d.content(server.Reference("org/repo", "")).Header.Get("Retry-After"))
			}
		})
	}
	t.Run("a private host without the flag", func(t *testing.T) {
		d := start(t, options{})
		server.Reset()
		for _, host := range []string{server.Host(), "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]"} {
			both(t, d.with(t), "git://"+host+"/org/repo", 400, "git://")
		}
		assert.Zero(t, server.Requests(), "refused before a byte is sent")
	})
	assert.Empty(t, d.skills(""))
	assert.Empty(t, tree(t, d.home))
}

// TestGitHang waits until a git server that says nothing is out of time.
func TestGitHang(t *testing.T) {
	t.Parallel()
	if !*slow {
		t.Skip("takes two minutes; -slow runs it")
	}
	server := gittest.New(t)
	server.Create("org/repo").Commit("main", skillFiles("", "my-skill", "1"))
	server.Intercept(gittest.Hang(nil))
	ref := server.Reference("org/repo", "")
	d := start(t, options{flags: private})
	var install answer
	var both sync.WaitGroup
	both.Go(func() { install = d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}}) })
	d.content(ref).is(504, ref)
	both.Wait()
	install.is(504, ref)
}

// TestGitToken sends a token only where it belongs.
func TestGitToken(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/repo").Commit("main", skillFiles("", "my-skill", "1"))
	server.Intercept(gittest.RequireToken("s3cret-token"))
	ref := server.Reference("org/repo", "")
	start(t, options{flags: private}).content(ref).is(401)
	wrong := start(t, options{flags: private, env: []string{"GITHUB_TOKEN=s3cret-token", "GITLAB_TOKEN=s3cret-token"}})
	wrong.content(ref).is(401)
	right := start(t, options{flags: private, env: []string{"GIT_TOKEN=s3cret-token"}})
	right.content(ref).is(200)
	assert.NotContains(t, right.log.String()+wrong.log.String(), "s3cret")
}

// catalogFile writes a catalogue of these entries.
func catalogFile(t *testing.T, entries ...object) string {
	t.Helper()
	if entries == nil {
		entries = []object{}
	}
	encoded, err := json.Marshal(object{"version": "1", "data": object{"servers": object{}, "skills": entries}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "catalog.json")
	writeFiles(t, filepath.Dir(file), map[string]string{"catalog.json": string(encoded)})
	return file
}

// catalogEntry is an entry with an OCI package, and a git package unless it is nil.
func catalogEntry(namespace, name, ref string, git object) object {
	packages := []object{{"registryType": "oci", "identifier": ref}}
	if git != nil {
		packages = append(packages, git)
	}
	return object{"namespace": namespace, "name": name, "description": "d", "version": "1.0", "packages": packages}
}

// TestGitFallback breaks the registry in every way of the classification; the
// catalogue's git package answers the preview instead, where it may.
func TestGitFallback(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/repo")
	pinned := repo.Commit("main", skillFiles("skills/my-skill", "my-skill", "pinned"))
	repo.Commit("main", skillFiles("skills/my-skill", "my-skill", "newer"))
	gitPackage := object{"registryType": "git", "url": server.URL + "/org/repo", "ref": "main", "commit": pinned, "subfolder": "skills/my-skill"}

	down := registrytest.Status(503, "UNAVAILABLE", "closed today")
	// with starts a daemon whose catalogue lists these entries.
	with := func(t *testing.T, entries ...object) *daemon {
		return start(t, options{flags: append([]string{"--catalog", catalogFile(t, entries...)}, private...)})
	}
	for name, fault := range map[string]registrytest.Fault{
		"401": registrytest.Status(401, "UNAUTHORIZED", "x"), "403": registrytest.Status(403, "DENIED", "x"),
		"404": registrytest.Status(404, "MANIFEST_UNKNOWN", "x"), "429": registrytest.RateLimit(""),
		"500": registrytest.Status(500, "UNKNOWN", "x"), "503": down, "dropped": registrytest.Drop(), "hang": registrytest.Hang(),
		"oversized": registrytest.On("", "/manifests/", registrytest.Oversized(2<<20, false)),
	} {
		t.Run("the registry fails with "+name, func(t *testing.T) {
			t.Parallel()
			registry := registrytest.Open(t)
			registry.Break(fault)
			d := with(t, catalogEntry("org", "my-skill", registry.Reference(repository, "1.0"), gitPackage))
			d.content(registry.Reference(repository, "9.9")).is(200, "version pinned")
		})
	}
	for name, tt := range map[string]struct {
		// entries are the catalogue, given the reference that is asked for.
		entries func(ref string) []object
		texts   []string
	}{
		"no entry at all": {func(string) []object { return nil }, nil},
		"no git package":  {func(ref string) []object { return []object{catalogEntry("org", "my-skill", ref, nil)} }, nil},
		"two entries for the repository": {func(ref string) []object {
			return []object{catalogEntry("org", "my-skill", ref, gitPackage), catalogEntry("team", "my-skill", ref, gitPackage)}
		}, nil},
		"another repository": {func(ref string) []object {
			return []object{catalogEntry("org", "my-skill", strings.Replace(ref, "org/", "else/", 1), gitPackage)}
		}, nil},
		"git fails too": {func(ref string) []object {
			return []object{catalogEntry("org", "my-skill", ref, object{"registryType": "git", "url": server.URL + "/org/gone"})}
		}, []string{"org/gone"}},
	} {
		t.Run("no fallback: "+name, func(t *testing.T) {
			t.Parallel()
			registry := registrytest.Open(t)
			registry.Break(down)
			ref := registry.Reference(repository, "1.0")
			with(t, tt.entries(ref)...).content(ref).is(502, append(tt.texts, ref, "closed today")...)
		})
	}
	t.Run("no fallback: the catalogue fails", func(t *testing.T) {
		t.Parallel()
		registry := registrytest.Open(t)
		registry.Break(down)
		ref := registry.Reference(repository, "1.0")
		d := start(t, options{flags: append([]string{"--catalog", "http://127.0.0.1:1/catalog.json"}, private...)})
		d.content(ref).is(502, ref, "closed today")
	})
	t.Run("no fallback for the installation of a reference", func(t *testing.T) {
		t.Parallel()
		registry := registrytest.Open(t)
		registry.Break(down)
		ref := registry.Reference(repository, "1.0")
		d := with(t, catalogEntry("org", "my-skill", ref, gitPackage))
		d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}}).is(502, ref)
	})
}

// TestInstallFromCatalog installs by the catalogue's names.
func TestInstallFromCatalog(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, dir, digest := publish(t, registry, nil)
	server := gittest.New(t)
	commit := server.Create("org/repo").Commit("main", skillFiles("", "git-skill", "1"))
	file := catalogFile(t,
		catalogEntry("org", "my-skill", ref, nil),
		object{"namespace": "org", "name": "git-skill", "packages": []object{{"registryType": "git", "url": server.URL + "/org/repo", "ref": "main"}}},
		catalogEntry("org", "twin-skill", ref, nil), catalogEntry("team", "twin-skill", ref, nil),
		object{"namespace": "org", "name": "empty-skill"},
	)
	d := start(t, options{flags: append([]string{"--catalog", file}, private...)})
	skill := d.mustInstall(object{"name": "my-skill"})
	assert.Equal(t, ref, skill.Reference)
	assert.Equal(t, digest, skill.Digest)
	assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
	fromGit := d.mustInstall(object{"name": "git-skill"})
	assert.Equal(t, commit, fromGit.Digest)
	claude := []string{"claude-code"}
	d.post(skillsPath, object{"name": "twin-skill", "clients": claude}).is(409, "org/twin-skill", "team/twin-skill")
	d.post(skillsPath, object{"name": "empty-skill", "clients": claude}).is(422, "empty-skill")
	d.post(skillsPath, object{"name": "no-skill", "clients": claude}).is(404, "no-skill")
	d.content("my-skill").is(200)
	d.content("git-skill").is(200, "version 1")
	d.content("twin-skill").is(409)
	d.content("no-skill").is(404)
}
