// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInstallResolution is the table of CONTRACT.md's "Install: which source
// answers" for local builds. Each case starts with an empty store.
func TestInstallResolution(t *testing.T) {
	t.Parallel()
	type build struct{ name, version, tag string }
	tests := map[string]struct {
		builds  []build
		request object
		// tag is the store tag that the record must name; or else status and
		// texts are what the answer says.
		tag     string
		version string
		status  int
		texts   []string
	}{
		"the tag of that name": {
			builds:  []build{{"my-skill", "1.0", "my-skill"}},
			request: object{"name": "my-skill"},
			tag:     "my-skill", version: "1.0",
		},
		"the tag of that name in the version asked for": {
			builds:  []build{{"my-skill", "1.0", "my-skill"}, {"my-skill", "1.0", "other"}},
			request: object{"name": "my-skill", "version": "1.0"},
			tag:     "my-skill", version: "1.0",
		},
		"the tag of that name holds another skill": {
			builds:  []build{{"evil-skill", "1.0", "my-skill"}, {"my-skill", "1.0", "v1"}},
			request: object{"name": "my-skill"},
			status:  422, texts: []string{"my-skill", "evil-skill"},
		},
		"the tag of that name has another version, a scan finds it": {
			builds:  []build{{"my-skill", "1.0", "my-skill"}, {"my-skill", "2.0", "next"}},
			request: object{"name": "my-skill", "version": "2.0"},
			tag:     "next", version: "2.0",
		},
		"no such tag, a scan by declared name": {
			builds:  []build{{"my-skill", "", "v0.0.1"}},
			request: object{"name": "my-skill"},
			tag:     "v0.0.1", version: "",
		},
		"the version is a tag": {
			builds:  []build{{"my-skill", "", "v0.0.1"}, {"my-skill", "", "v0.0.2"}},
			request: object{"name": "my-skill", "version": "v0.0.1"},
			tag:     "v0.0.1", version: "v0.0.1",
		},
		"the version is a declared version": {
			builds:  []build{{"my-skill", "1.0", "a"}, {"my-skill", "2.0", "b"}},
			request: object{"name": "my-skill", "version": "2.0"},
			tag:     "b", version: "2.0",
		},
		"several, and one is tagged with the name": {
			builds:  []build{{"my-skill", "2.0", "a"}, {"my-skill", "2.0", "b"}, {"my-skill", "1.0", "my-skill"}},
			request: object{"name": "my-skill"},
			tag:     "my-skill", version: "1.0",
		},
		"several and no winner": {
			builds:  []build{{"my-skill", "1.0", "a"}, {"my-skill", "2.0", "b"}, {"other", "2.0", "c"}},
			request: object{"name": "my-skill"},
			status:  409, texts: []string{`tag "a" (version "1.0")`, `tag "b" (version "2.0")`},
		},
		"several of the version and no winner": {
			builds:  []build{{"my-skill", "1.0", "a"}, {"my-skill", "1.0", "b"}, {"my-skill", "2.0", "c"}},
			request: object{"name": "my-skill", "version": "1.0"},
			status:  409, texts: []string{`tag "a"`, `tag "b"`},
		},
		"a version that nobody has": {
			builds:  []build{{"my-skill", "1.0", "my-skill"}},
			request: object{"name": "my-skill", "version": "9.9"},
			status:  404, texts: []string{"my-skill", "9.9", "install it by reference", "ghcr.io/org/my-skill:v1"},
		},
		"a full reference as the tag": {
			builds:  []build{{"my-skill", "1.0", "ghcr.io/org/my-skill:1.0"}},
			request: object{"name": "my-skill"},
			tag:     "ghcr.io/org/my-skill:1.0", version: "1.0",
		},
		"nothing at all": {
			request: object{"name": "my-skill"},
			status:  404, texts: []string{"my-skill", "install it by reference"},
		},
		"a name that cannot be": {
			request: object{"name": "My_Skill"},
			status:  400, texts: []string{"My_Skill", "lowercase"},
		},
		"no name": {
			request: object{},
			status:  400, texts: []string{`field "name" is missing`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, options{})
			dirs := make(map[string]string)
			for _, b := range tt.builds {
				dirs[b.tag] = makeSkill(t, b.name, b.version, map[string]string{"tag.txt": b.tag})
				d.mustBuild(dirs[b.tag], b.tag)
			}
			tt.request["clients"] = []string{"claude-code"}
			a := d.post(skillsPath, tt.request)
			if tt.status != 0 {
				a.is(tt.status, tt.texts...)
				assert.NoDirExists(t, filepath.Join(d.home, ".claude"), "nothing is written")
				assert.Empty(t, d.skills(""))
				return
			}
			var got installAnswer
			a.is(201).json(&got)
			assert.Equal(t, tt.tag, got.Skill.Reference)
			assert.Equal(t, tt.tag, got.Skill.Tag)
			assert.Equal(t, tt.version, got.Skill.Metadata.Version)
			assert.Equal(t, tree(t, dirs[tt.tag]), tree(t, d.claude("my-skill")))
		})
	}
}

func TestReinstall(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	one := makeSkill(t, "my-skill", "1", map[string]string{"only-in-1": "x"})
	two := makeSkill(t, "my-skill", "2", nil)
	d.mustBuild(one, "v1")
	d.mustBuild(two, "v2")
	first := d.mustInstall(object{"name": "my-skill", "version": "v1"})

	// A mark of ours shows whether a folder is written again.
	mark := filepath.Join(d.claude("my-skill"), "mark")
	assert.NoError(t, os.WriteFile(mark, nil, 0o644))
	assert.Equal(t, first, d.mustInstall(object{"name": "my-skill", "version": "v1"}), "the same again")
	assert.FileExists(t, mark)

	more := d.mustInstall(object{"name": "my-skill", "version": "v1", "clients": []string{"cursor"}})
	assert.Equal(t, []string{"claude-code", "cursor"}, more.Clients, "a client joins the others")
	assert.FileExists(t, mark, "the folder that had it is left alone")
	cursor := filepath.Join(d.home, ".cursor", "skills", "my-skill")
	assert.Equal(t, tree(t, one), tree(t, cursor))

	replaced := d.mustInstall(object{"name": "my-skill", "version": "v2", "clients": []string{"cursor"}})
	assert.Equal(t, []string{"claude-code", "cursor"}, replaced.Clients)
	assert.Equal(t, tree(t, two), tree(t, cursor))
	assert.Equal(t, tree(t, two), tree(t, d.claude("my-skill")), "another digest replaces the skill everywhere")
	assert.Equal(t, []installed{replaced}, d.skills(""))

	assert.NoError(t, os.RemoveAll(d.claude("my-skill")))
	d.mustInstall(object{"name": "my-skill", "version": "v2"})
	assert.Equal(t, tree(t, two), tree(t, d.claude("my-skill")), "a folder that is gone comes back")

	assert.NoError(t, os.RemoveAll(cursor))
	d.del(skillsPath + "/my-skill").is(204)
	assert.NoDirExists(t, d.claude("my-skill"))
}

func TestUnmanagedFolder(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	dir := makeSkill(t, "my-skill", "1", nil)
	d.mustBuild(dir, "my-skill")
	mine := map[string]string{"SKILL.md": "mine", "notes.txt": "keep"}
	writeFiles(t, d.claude("my-skill"), mine)

	request := object{"name": "my-skill", "clients": []string{"claude-code", "cursor"}}
	d.post(skillsPath, request).is(409, "force", "my-skill")
	assert.Equal(t, mine, tree(t, d.claude("my-skill")), "nothing is touched")
	assert.NoDirExists(t, filepath.Join(d.home, ".cursor"))
	assert.Empty(t, d.skills(""))

	request["force"] = true
	d.post(skillsPath, request).is(201)
	assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
}

// TestFolderTakenOver puts something else where a skill was installed: it is
// not ours any more.
func TestFolderTakenOver(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "my-skill", "1", nil), "v1")
	d.mustBuild(makeSkill(t, "my-skill", "2", nil), "v2")
	d.mustInstall(object{"name": "my-skill", "version": "v1"})
	require.NoError(t, os.RemoveAll(d.claude("my-skill")))
	notes := map[string]string{"notes.txt": "mine"}
	writeFiles(t, d.claude("my-skill"), notes)
	for _, version := range []string{"v1", "v2"} {
		d.post(skillsPath, object{"name": "my-skill", "version": version, "clients": []string{"claude-code"}}).is(409, "force")
	}
	assert.Equal(t, notes, tree(t, d.claude("my-skill")))
	d.del(skillsPath + "/my-skill").is(204)
	assert.Equal(t, notes, tree(t, d.claude("my-skill")), "nor is it ours to remove")
	assert.Empty(t, d.skills(""))
}

func TestInstallClients(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "my-skill", "1", nil), "my-skill")
	for name, tt := range map[string]struct {
		clients []string
		text    string
	}{
		"none on this machine":          {nil, "no AI client"},
		"all, and none on this machine": {[]string{"all"}, "no AI client"},
		"an unknown id":                 {[]string{"claude-code", "emacs"}, `"emacs"`},
		"an empty id":                   {[]string{""}, "empty"},
		"all beside others":             {[]string{"all", "cursor"}, `"all"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.with(t)
			body := object{"name": "my-skill"}
			if tt.clients != nil {
				body["clients"] = tt.clients
			}
			d.post(skillsPath, body).is(400, tt.text)
			assert.Empty(t, tree(t, d.home))
		})
	}
	t.Run("every client found, a shared folder once", func(t *testing.T) {
		d := d.with(t)
		for _, trace := range []string{".codex", ".gemini", ".cursor"} {
			assert.NoError(t, os.MkdirAll(filepath.Join(d.home, trace), 0o755))
		}
		skill := d.mustInstall(object{"name": "my-skill", "clients": []string{}})
		assert.Equal(t, []string{"codex", "cursor", "gemini-cli"}, skill.Clients)
		assert.FileExists(t, filepath.Join(d.home, ".agents", "skills", "my-skill", "SKILL.md"))
		assert.FileExists(t, filepath.Join(d.home, ".cursor", "skills", "my-skill", "SKILL.md"))
	})
}

func TestProjectScope(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	dir := makeSkill(t, "my-skill", "1", nil)
	d.mustBuild(dir, "my-skill")
	project := t.TempDir()
	request := object{"name": "my-skill", "scope": "project", "project_root": project, "clients": []string{"claude-code", "vscode"}}
	skill := d.mustInstall(request)
	assert.Equal(t, "project", skill.Scope)
	assert.Equal(t, project, skill.ProjectRoot)
	assert.Equal(t, tree(t, dir), tree(t, filepath.Join(project, ".claude", "skills", "my-skill")))
	assert.Equal(t, tree(t, dir), tree(t, filepath.Join(project, ".github", "skills", "my-skill")))
	user := d.mustInstall(object{"name": "my-skill"})

	query := "?scope=project&project_root=" + project
	assert.Equal(t, []installed{skill, user}, d.skills(""))
	assert.Equal(t, []installed{skill}, d.skills(query))
	assert.Equal(t, []installed{user}, d.skills("?scope=user"))
	d.get(skillsPath+"/my-skill"+query).is(200, project)
	d.get(skillsPath+"/my-skill?project_root="+project).is(200, project)
	d.del(skillsPath + "/my-skill" + query).is(204)
	assert.Equal(t, []installed{user}, d.skills(""))

	request["project_root"] = filepath.Join(project, "gone")
	d.post(skillsPath, request).is(400, "gone")
	delete(request, "project_root")
	d.post(skillsPath, request).is(400, "project_root")
	d.get(skillsPath+"?scope=galaxy").is(400, "galaxy")
	d.get(skillsPath+"?project_root=relative").is(400, "absolute")
	d.get(skillsPath+"/Bad_Name").is(400, "Bad_Name")
	d.del(skillsPath+"/Bad_Name").is(400, "Bad_Name")
}
