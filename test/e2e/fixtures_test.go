// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// build, builds, installed and so on are what the API's JSON looks like to a
// client; the names of the fields are the contract's.
type (
	buildAnswer struct{ Reference, Digest string }
	buildItem   struct{ Tag, Digest, Name, Description, Version string }
	buildsList  struct{ Builds []buildItem }
	installed   struct {
		Metadata struct {
			Name, Version, Description, Author string
			Tags                               []string
		}
		Scope        string
		ProjectRoot  string `json:"project_root"`
		Reference    string
		Tag          string
		Digest       string
		Status       string
		InstalledAt  string `json:"installed_at"`
		Clients      []string
		Dependencies []struct{ Name, Reference, Digest string }
		Managed      bool
	}
	installAnswer struct{ Skill installed }
	skillsList    struct{ Skills []installed }
	contentAnswer struct {
		Name, Description, Version, License, Body string
		Files                                     []struct {
			Path string
			Size int64
		}
	}
	// object is a request body.
	object map[string]any
)

const (
	skillsPath  = "/api/v1beta/skills"
	buildPath   = skillsPath + "/build"
	buildsPath  = skillsPath + "/builds"
	contentPath = skillsPath + "/content"
)

// makeSkill makes a skill folder in a folder of its own.
func makeSkill(t testing.TB, name, version string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	text := fmt.Sprintf("---\nname: %s\ndescription: What %s does.\n", name, name)
	if version != "" {
		text += "version: " + version + "\n"
	}
	writeFiles(t, dir, map[string]string{"SKILL.md": text + "---\n\n# " + name + "\n"})
	writeFiles(t, dir, files)
	return dir
}

// writeFiles puts files below dir.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
}

// tree reads all files below dir; hidden ones too.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			files[filepath.ToSlash(name)] = "a symbolic link"
			return nil
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if os.IsNotExist(err) {
		return files
	}
	require.NoError(t, err)
	return files
}

// mustBuild builds a folder under a tag and returns the digest.
func (d *daemon) mustBuild(dir, tag string) string {
	d.t.Helper()
	var built buildAnswer
	d.post(buildPath, object{"path": dir, "tag": tag}).is(200).json(&built)
	return built.Digest
}

// mustInstall installs for the user, into Claude Code unless the body says otherwise.
func (d *daemon) mustInstall(body object) installed {
	d.t.Helper()
	if body["clients"] == nil {
		body["clients"] = []string{"claude-code"}
	}
	var a installAnswer
	d.post(skillsPath, body).is(201).json(&a)
	return a.Skill
}

func (d *daemon) builds() []buildItem {
	d.t.Helper()
	var list buildsList
	d.get(buildsPath).is(200).json(&list)
	return list.Builds
}

func (d *daemon) skills(query string) []installed {
	d.t.Helper()
	var list skillsList
	d.get(skillsPath + query).is(200).json(&list)
	return list.Skills
}

// content asks for a preview.
func (d *daemon) content(ref string) answer {
	d.t.Helper()
	return d.get(contentPath + "?ref=" + url.QueryEscape(ref))
}

// claude returns the folder where Claude Code keeps a skill of the user's.
func (d *daemon) claude(name string) string {
	return filepath.Join(d.home, ".claude", "skills", name)
}
