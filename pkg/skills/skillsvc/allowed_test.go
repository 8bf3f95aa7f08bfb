// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
)

// confined is a world whose requests may name folders below allowed only.
func confined(t *testing.T) (w *world, allowed string) {
	t.Helper()
	allowed = filepath.Join(t.TempDir(), "allowed")
	require.NoError(t, os.Mkdir(allowed, 0o755))
	return newWorld(t, func(c *skillsvc.Config) { c.AllowPaths = []string{t.TempDir(), allowed} }), allowed
}

// skillAt makes a skill folder at dir.
func skillAt(t *testing.T, dir string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, skills.SkillFile), []byte(skillText(filepath.Base(dir), "1")), 0o644))
	return dir
}

func link(t *testing.T, target, path string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	require.NoError(t, os.Symlink(target, path))
	return path
}

func TestAllowedFolders(t *testing.T) {
	t.Parallel()
	w, allowed := confined(t)
	inside := skillAt(t, filepath.Join(allowed, "deep", "my-skill"))
	outside := skillAt(t, filepath.Join(t.TempDir(), "my-skill"))
	beside := skillAt(t, filepath.Join(allowed+"-not", "my-skill"))
	tests := map[string]struct {
		path string
		ok   bool
	}{
		"inside":                    {inside, true},
		"inside, unclean":           {filepath.Join(allowed, "deep") + "/./my-skill/", true},
		"a link that stays inside":  {link(t, inside, filepath.Join(allowed, "stays")), true},
		"a link from outside in":    {link(t, inside, filepath.Join(t.TempDir(), "my-skill")), true},
		"outside":                   {outside, false},
		"the parent":                {filepath.Dir(allowed), false},
		"the same name and more":    {beside, false},
		"a link out":                {link(t, outside, filepath.Join(allowed, "my-skill")), false},
		"below a link out":          {filepath.Join(link(t, filepath.Dir(outside), filepath.Join(allowed, "out")), "my-skill"), false},
		"outside and missing":       {filepath.Join(filepath.Dir(outside), "gone"), false},
		"below a link, and missing": {filepath.Join(allowed, "out", "gone", "gone"), false},
		"the root":                  {string(filepath.Separator), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			validated, validateErr := w.Validate(t.Context(), test.path)
			_, buildErr := w.Build(t.Context(), skills.BuildOptions{Path: test.path, Tag: "v1"})
			if test.ok {
				require.NoError(t, validateErr)
				require.NoError(t, buildErr)
				return
			}
			for _, err := range []error{validateErr, buildErr} {
				assert.True(t, skills.IsKind(err, skills.Forbidden), "%v", err)
				assert.ErrorContains(t, err, test.path)
			}
			assert.Empty(t, validated.Errors, "nothing is told of it")
		})
	}
	gone := filepath.Join(allowed, "gone")
	result, err := w.Validate(t.Context(), gone)
	require.NoError(t, err)
	assert.False(t, result.Valid)
	require.Len(t, result.Errors, 1)
	assert.Contains(t, result.Errors[0], "does not exist")
	_, err = w.Build(t.Context(), skills.BuildOptions{Path: gone})
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
}

func TestAllowedProjects(t *testing.T) {
	t.Parallel()
	w, allowed := confined(t)
	_, err := w.Build(t.Context(), skills.BuildOptions{Path: skillAt(t, filepath.Join(allowed, "my-skill"))})
	require.NoError(t, err)
	install := func(project string) error {
		_, err := w.Install(t.Context(), skills.InstallOptions{
			Name: "my-skill", Scope: skills.ScopeProject, ProjectRoot: project, Clients: []string{"claude-code"},
		})
		return err
	}
	project := filepath.Join(allowed, "project")
	require.NoError(t, os.Mkdir(project, 0o755))
	require.NoError(t, install(project))
	assert.FileExists(t, filepath.Join(project, ".claude", "skills", "my-skill", skills.SkillFile))

	outside := t.TempDir()
	for _, refused := range []string{outside, filepath.Join(outside, "gone"), link(t, outside, filepath.Join(allowed, "link"))} {
		err := install(refused)
		assert.True(t, skills.IsKind(err, skills.Forbidden), "%v", err)
		assert.ErrorContains(t, err, refused)
	}
	left, err := os.ReadDir(outside)
	require.NoError(t, err)
	assert.Empty(t, left)

	_, err = w.Install(t.Context(), skills.InstallOptions{Name: "my-skill", Clients: []string{"claude-code"}})
	require.NoError(t, err, "no request names the folders of scope user")
}

// A project that was somewhere else when the skill was installed is not
// written to, even where the record knows it.
func TestAProjectThatMovedOutIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	w, allowed := confined(t)
	build := func(version string) {
		dir := skillAt(t, filepath.Join(allowed, version, "my-skill"))
		require.NoError(t, os.WriteFile(filepath.Join(dir, skills.SkillFile), []byte(skillText("my-skill", version)), 0o644))
		_, err := w.Build(t.Context(), skills.BuildOptions{Path: dir})
		require.NoError(t, err)
	}
	build("1")
	project := filepath.Join(allowed, "project")
	require.NoError(t, os.Mkdir(project, 0o755))
	opts := skills.InstallOptions{Name: "my-skill", Scope: skills.ScopeProject, ProjectRoot: project, Clients: []string{"claude-code"}}
	_, err := w.Install(t.Context(), opts)
	require.NoError(t, err)

	outside := t.TempDir()
	require.NoError(t, os.Rename(project, filepath.Join(outside, "project")))
	link(t, filepath.Join(outside, "project"), project)
	build("2")
	_, err = w.Install(t.Context(), opts)
	assert.True(t, skills.IsKind(err, skills.Forbidden), "%v", err)
	text, err := os.ReadFile(filepath.Join(outside, "project", ".claude", "skills", "my-skill", skills.SkillFile))
	require.NoError(t, err)
	assert.Equal(t, skillText("my-skill", "1"), string(text))
}

func TestAllowedPathsMustBeFolders(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, path := range []string{file, filepath.Join(t.TempDir(), "gone"), "relative", ""} {
		_, err := skillsvc.New(skillsvc.Config{AllowPaths: []string{path}})
		assert.True(t, skills.IsKind(err, skills.Invalid), "%q: %v", path, err)
	}
}
