// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMainJob walks the way of a newcomer: validate, build, list, preview,
// install, list, look at, uninstall, delete.
func TestMainJob(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	files := map[string]string{"scripts/run.sh": "#!/bin/sh\n", "notes/a.md": "a"}
	dir := makeSkill(t, "my-skill", "1.2.3", files)

	d.post(skillsPath+"/validate", object{"path": dir}).is(200, `"valid":true`, `"errors":[]`, `"warnings":[]`)
	d.get(buildsPath).is(200, `{"builds":[]}`)

	var built, again buildAnswer
	d.post(buildPath, object{"path": dir}).is(200).json(&built)
	assert.Equal(t, "my-skill", built.Reference, "the tag is the skill's name where none is given")
	d.post(buildPath, object{"path": dir}).is(200).json(&again)
	assert.Equal(t, built, again, "an unchanged folder gives the same artifact")
	assert.Equal(t, []buildItem{{"my-skill", built.Digest, "my-skill", "What my-skill does.", "1.2.3"}}, d.builds())

	preview := d.content("my-skill").is(200)
	var content contentAnswer
	preview.json(&content)
	assert.Equal(t, "my-skill", content.Name)
	assert.Equal(t, "1.2.3", content.Version)
	assert.Equal(t, tree(t, dir)["SKILL.md"], content.Body)
	require.Len(t, content.Files, 3)
	assert.Equal(t, "SKILL.md", content.Files[0].Path)
	assert.Equal(t, "notes/a.md", content.Files[1].Path)
	assert.EqualValues(t, 1, content.Files[1].Size)
	etag := preview.Header.Get("ETag")
	assert.Equal(t, `"`+built.Digest+`"`, etag)
	cached := d.send(http.MethodGet, contentPath+"?ref=my-skill", "", http.Header{"If-None-Match": {etag}})
	assert.Empty(t, cached.is(304).Body)

	created := d.post(skillsPath, object{"name": "my-skill", "clients": []string{"claude-code", "cursor"}}).is(201)
	assert.Equal(t, skillsPath+"/my-skill", created.Header.Get("Location"))
	var install installAnswer
	created.json(&install)
	skill := install.Skill
	assert.Equal(t, "user", skill.Scope)
	assert.Equal(t, "installed", skill.Status)
	assert.Equal(t, "my-skill", skill.Reference)
	assert.Equal(t, built.Digest, skill.Digest)
	assert.Equal(t, []string{"claude-code", "cursor"}, skill.Clients)
	assert.True(t, skill.Managed)
	at, err := time.Parse(time.RFC3339, skill.InstalledAt)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
	assert.Equal(t, tree(t, dir), tree(t, filepath.Join(d.home, ".cursor", "skills", "my-skill")))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(filepath.Join(d.claude("my-skill"), "scripts", "run.sh"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	}

	assert.Equal(t, []installed{skill}, d.skills(""))
	assert.Equal(t, []installed{skill}, d.skills("?scope=user&client=cursor"))
	assert.Empty(t, d.skills("?client=codex"))
	var info struct {
		Metadata  struct{ Name string }
		Installed installed `json:"installed_skill"`
	}
	d.get(skillsPath + "/my-skill").is(200).json(&info)
	assert.Equal(t, "my-skill", info.Metadata.Name)
	assert.Equal(t, skill, info.Installed)

	assert.Empty(t, d.del(skillsPath+"/my-skill").is(204).Body)
	assert.NoDirExists(t, d.claude("my-skill"))
	d.get(skillsPath+"/my-skill").is(404, "my-skill")
	d.del(skillsPath+"/my-skill").is(404, "my-skill")
	d.get(skillsPath).is(200, `{"skills":[]}`)

	d.del(buildsPath + "/my-skill").is(204)
	d.del(buildsPath+"/my-skill").is(404, "my-skill")
	d.get(buildsPath).is(200, `{"builds":[]}`)
	assert.Empty(t, tree(t, filepath.Join(d.data, "store", "blobs")), "no blob is left")
	d.stop()
}

func TestRestart(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	digest := d.mustBuild(makeSkill(t, "my-skill", "1", nil), "v1")
	skill := d.mustInstall(object{"name": "my-skill", "version": "v1"})
	d.stop()

	d.launch(options{})
	assert.Equal(t, []buildItem{{"v1", digest, "my-skill", "What my-skill does.", "1"}}, d.builds())
	assert.Equal(t, []installed{skill}, d.skills(""))
	d.content("v1").is(200, "# my-skill")
}

// TestFullReferenceTags uses a tag with slashes and a colon in a path.
func TestFullReferenceTags(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	const tag = "ghcr.io/org/my-skill:v1.0"
	var built buildAnswer
	d.post(buildPath, object{"path": makeSkill(t, "my-skill", "", nil), "tag": tag}).is(200).json(&built)
	assert.Equal(t, tag, built.Reference)
	d.content(tag).is(200, `"name":"my-skill"`, `"version":""`)
	d.del(buildsPath + "/" + url.PathEscape(tag)).is(204)
	assert.Empty(t, d.builds())
}

func TestSharedBlobsStay(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	dir := makeSkill(t, "my-skill", "1", nil)
	d.mustBuild(dir, "one")
	d.mustBuild(dir, "two")
	d.del(buildsPath + "/one").is(204)
	d.content("two").is(200)
	d.mustInstall(object{"name": "my-skill", "version": "two"})
	assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
}

// TestStoreOnDisk looks at the store as other OCI tools do.
func TestStoreOnDisk(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "my-skill", "1", nil), "v1")
	store := filepath.Join(d.data, "store")
	index := tree(t, store)["index.json"]
	assert.Contains(t, index, `"dev.stacklok.toolhive.local-build":"true"`)
	assert.Contains(t, index, `"org.opencontainers.image.ref.name":"v1"`)
	for name, blob := range tree(t, filepath.Join(store, "blobs")) {
		assert.NotContains(t, blob, "local-build", name)
	}
	if _, err := exec.LookPath("skopeo"); err != nil {
		t.Log("skopeo is not installed: it did not read the store")
		return
	}
	out, err := exec.Command("skopeo", "inspect", "oci:"+store+":v1").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), `"dev.toolhive.skills.name": "my-skill"`)
}
