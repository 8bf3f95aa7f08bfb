// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

const opID = "0123abcd"

var key = skills.Key{Name: "a-skill", Scope: skills.ScopeUser}

// tree is what is below a folder: the content of each file by its path, and
// "-> target" for each link. A path that ends in '/' is an empty folder.
type tree map[string]string

// write makes the tree below base.
func (tr tree) write(t testing.TB, base string) {
	t.Helper()
	for name, content := range tr {
		path := filepath.Join(base, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if link, ok := strings.CutPrefix(content, "-> "); ok {
			require.NoError(t, os.Symlink(link, path))
			continue
		}
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

// read returns the tree below base, without its empty folders.
func read(t testing.TB, base string) tree {
	t.Helper()
	found := tree{}
	require.NoError(t, filepath.WalkDir(base, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(base, path)
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(path)
			found[filepath.ToSlash(name)] = "-> " + link
			return err
		}
		content, err := os.ReadFile(path)
		found[filepath.ToSlash(name)] = string(content)
		return err
	}))
	return found
}

// source is a skill as Stage gets it.
func source(files tree) func(func(string, io.Reader) error) error {
	return func(write func(string, io.Reader) error) error {
		for name, content := range files {
			if err := write(name, strings.NewReader(content)); err != nil {
				return err
			}
		}
		return nil
	}
}

func target(base, path string) skills.Target { return skills.Target{Base: base, Path: path} }

func ownsAll(skills.Target) bool { return true }

func ownsNone(skills.Target) bool { return false }

func plan(t testing.TB, targets ...skills.Target) skills.Operation {
	t.Helper()
	op, err := install.Plan(opID, key, targets, ownsAll, false)
	require.NoError(t, err)
	return op
}

func TestInstallReplaceRemove(t *testing.T) {
	t.Parallel()
	home, other := t.TempDir(), t.TempDir()
	tree{".claude/skills/mine/SKILL.md": "mine", "notes": "n"}.write(t, home)
	targets := []skills.Target{target(home, ".claude/skills/a-skill"), target(home, ".agents/skills/a-skill"), target(other, "skills/a-skill")}
	for _, target := range targets {
		assert.False(t, install.Present(target))
	}

	apply := func(op skills.Operation, files tree) {
		require.NoError(t, install.Stage(t.Context(), op, source(files)))
		require.NoError(t, install.Swap(op))
		require.NoError(t, install.Finish(op))
	}
	apply(plan(t, targets...), tree{"SKILL.md": "one", "docs/a/b.md": "b", "gone.md": ""})
	apply(plan(t, targets...), tree{"SKILL.md": "two", "docs/c.md": "c"})
	assert.Equal(t, tree{
		"notes": "n", ".claude/skills/mine/SKILL.md": "mine",
		".claude/skills/a-skill/SKILL.md": "two", ".claude/skills/a-skill/docs/c.md": "c",
		".agents/skills/a-skill/SKILL.md": "two", ".agents/skills/a-skill/docs/c.md": "c",
	}, read(t, home))
	assert.Equal(t, tree{"skills/a-skill/SKILL.md": "two", "skills/a-skill/docs/c.md": "c"}, read(t, other))
	for _, target := range targets {
		assert.True(t, install.Present(target))
	}

	removal := install.PlanRemoval(opID, key, targets)
	require.NoError(t, install.Swap(removal))
	require.NoError(t, install.Finish(removal))
	assert.Equal(t, tree{"notes": "n", ".claude/skills/mine/SKILL.md": "mine"}, read(t, home))
	assert.Empty(t, read(t, other))
}

func TestPlanNamesEveryFolderThatIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, there := range map[string]tree{
		"a folder":        {".claude/skills/a-skill/SKILL.md": "x"},
		"an empty folder": {".claude/skills/a-skill/": ""},
		"a file":          {".claude/skills/a-skill": "x"},
		"a link":          {".claude/skills/a-skill": "-> elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			there.write(t, home)
			tree{".kiro/skills/a-skill/x": ""}.write(t, home)
			targets := []skills.Target{
				target(home, ".claude/skills/a-skill"), target(home, ".cursor/skills/a-skill"), target(home, ".kiro/skills/a-skill"),
			}
			before := read(t, home)
			_, err := install.Plan(opID, key, targets, ownsNone, false)
			assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
			assert.ErrorContains(t, err, filepath.Join(home, ".claude", "skills", "a-skill"))
			assert.ErrorContains(t, err, filepath.Join(home, ".kiro", "skills", "a-skill"))
			assert.NotContains(t, err.Error(), ".cursor")
			assert.ErrorContains(t, err, "force")
			assert.Equal(t, before, read(t, home))

			op, err := install.Plan(opID, key, targets, ownsNone, true)
			require.NoError(t, err)
			require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
			require.NoError(t, install.Swap(op))
			require.NoError(t, install.Finish(op))
			assert.Equal(t, tree{
				".claude/skills/a-skill/SKILL.md": "new", ".cursor/skills/a-skill/SKILL.md": "new", ".kiro/skills/a-skill/SKILL.md": "new",
			}, read(t, home))
		})
	}
}

func TestLinkAtTheTargetIsMovedNotFollowed(t *testing.T) {
	t.Parallel()
	home, outside := t.TempDir(), t.TempDir()
	tree{"SKILL.md": "theirs"}.write(t, outside)
	tree{"skills/a-skill": "-> " + outside}.write(t, home)
	assert.False(t, install.Present(target(home, "skills/a-skill")))
	op := plan(t, target(home, "skills/a-skill"))

	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Undo(op))
	assert.Equal(t, tree{"skills/a-skill": "-> " + outside}, read(t, home))

	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Finish(op))
	assert.Equal(t, tree{"skills/a-skill/SKILL.md": "new"}, read(t, home))
	assert.Equal(t, tree{"SKILL.md": "theirs"}, read(t, outside))
}

func TestLinksOutOfTheBaseAreRefused(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	tree{"skills/a-skill/SKILL.md": "theirs", "a-skill/SKILL.md": "theirs"}.write(t, outside)
	before := read(t, outside)
	for name, link := range map[string]tree{
		"client's folder":          {".claude": "-> " + outside},
		"folder of skills":         {".claude/skills": "-> " + outside},
		"by way of the parent":     {".claude/skills": "-> ../../" + filepath.Base(outside)},
		"to what is not there":     {".claude/skills": "-> nowhere"},
		"circle":                   {".claude": "-> .claude"},
		"link to a link that does": {".claude": "-> two", "two": "-> " + outside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(filepath.Dir(outside), t.Name()[strings.LastIndex(t.Name(), "/")+1:])
			require.NoError(t, os.Mkdir(home, 0o755))
			link.write(t, home)
			to := target(home, ".claude/skills/a-skill")
			assert.False(t, install.Present(to))

			op, err := install.Plan(opID, key, []skills.Target{to}, ownsAll, true)
			if err == nil { // a link to nowhere shows when it is written to
				err = install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"}))
			}
			assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
			assert.ErrorContains(t, err, "symbolic link")
			assert.Equal(t, link, read(t, home))

			removal := install.PlanRemoval(opID, key, []skills.Target{to})
			_ = install.Swap(removal) // may fail, must not follow
			assert.Equal(t, link, read(t, home))
			assert.Equal(t, before, read(t, outside))
		})
	}
}

func TestLinksInsideTheBaseAreFollowed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{".claude": "-> dotfiles/claude", "dotfiles/claude/": ""}.write(t, home)
	op := plan(t, target(home, ".claude/skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Finish(op))
	assert.Equal(t, tree{".claude": "-> dotfiles/claude", "dotfiles/claude/skills/a-skill/SKILL.md": "new"}, read(t, home))
}

func TestPlanRefusesTargetsThatAreNone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for name, to := range map[string]skills.Target{
		"relative base": target("home", "skills/a-skill"),
		"out of base":   target(home, "../a-skill"),
		"absolute":      target(home, "/skills/a-skill"),
		"base itself":   target(home, "."),
		"backslash":     target(home, `skills\a-skill`),
		"NUL":           target(home, "skills/a\x00"),
		"empty":         target(home, ""),
	} {
		_, err := install.Plan(opID, key, []skills.Target{to}, ownsAll, true)
		assert.True(t, skills.IsKind(err, skills.Invalid), "%s: %v", name, err)
	}
}

func TestProjectHasToExist(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "project")
	project := skills.Key{Name: "a-skill", Scope: skills.ScopeProject, ProjectRoot: root}
	targets := []skills.Target{target(root, ".claude/skills/a-skill")}
	_, err := install.Plan(opID, project, targets, ownsAll, false)
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
	assert.ErrorContains(t, err, root)

	require.NoError(t, os.Mkdir(root, 0o755))
	op, err := install.Plan(opID, project, targets, ownsAll, false)
	require.NoError(t, err)
	require.NoError(t, os.Remove(root))
	err = install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"}))
	assert.True(t, skills.IsKind(err, skills.Invalid), "deleted meanwhile: %v", err)
	assert.NoDirExists(t, root)
}

func TestConfigurationFolderOfTheUserIsMade(t *testing.T) {
	t.Parallel()
	base := filepath.Join(t.TempDir(), "xdg", "config")
	op := plan(t, target(base, "opencode/skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Finish(op))
	assert.Equal(t, tree{"opencode/skills/a-skill/SKILL.md": "new"}, read(t, base))
}

func TestMissingBasesAreNoErrorAfterwards(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "project")
	require.NoError(t, os.Mkdir(root, 0o755))
	op := plan(t, target(root, ".claude/skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	require.NoError(t, os.RemoveAll(root))

	assert.Error(t, install.Swap(op), "a new folder cannot appear there")
	assert.NoError(t, install.Undo(op))
	assert.NoError(t, install.Finish(op))
	removal := install.PlanRemoval(opID, key, []skills.Target{target(root, ".claude/skills/a-skill")})
	assert.NoError(t, install.Swap(removal))
	assert.NoError(t, install.Finish(removal))
	assert.NoError(t, install.Undo(removal))
	assert.NoDirExists(t, root)

	require.NoError(t, os.Mkdir(root, 0o755))
	assert.NoError(t, install.Swap(removal), "the base is there, the client's folder is not")
	assert.NoError(t, install.Finish(removal))
	require.NoError(t, os.WriteFile(filepath.Join(root, ".claude"), nil, 0o600))
	assert.NoError(t, install.Swap(removal), "a file in the place of the client's folder")
	assert.NoError(t, install.Finish(removal))
}

func TestPresentNeedsTheSkillFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{"one/SKILL.md": "x", "two/README.md": "x", "three/SKILL.md/": "", "four": "x", "five": "-> one", "six/SKILL.md": "-> ../one/SKILL.md"}.write(t, home)
	for name, want := range map[string]bool{
		"one": true, "two": false, "three": false, "four": false, "five": false, "six": false, "seven": false, "../x": false,
	} {
		assert.Equal(t, want, install.Present(target(home, name)), name)
	}
	assert.False(t, install.Present(target(filepath.Join(home, "missing"), "one")))
}
