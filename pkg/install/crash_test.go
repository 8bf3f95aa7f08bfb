// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

var errKilled = errors.New("killed")

// killAt fails the change of the number, counted from 0, and all after it, as if
// the process had been killed before it. A kill may also come while a folder is
// being removed: then part of it is gone. A sync changes nothing that a killed
// process would leave behind, and so is no change.
func killAt(number int64, bases ...string) install.Worker {
	var steps atomic.Int64
	return install.Worker{Hook: func(step, path string) error {
		if step == "sync" {
			if steps.Load() > number {
				return errKilled
			}
			return nil
		}
		n := steps.Add(1) - 1
		if n == number && step == "removeAll" {
			for _, base := range bases {
				_ = os.Remove(filepath.Join(base, filepath.FromSlash(path), "SKILL.md")) // in one of the bases
			}
		}
		if n >= number {
			return errKilled
		}
		return nil
	}}
}

// scene is a machine with one target of every sort.
type scene struct {
	bases   []string
	targets []skills.Target
}

var (
	sceneBefore = tree{
		"0/.claude/skills/a-skill/SKILL.md":   "old", // a folder is replaced
		"0/.claude/skills/a-skill/.git/HEAD":  "old",
		"0/.kiro/skills/a-skill":              "-> ../../elsewhere", // a link is replaced
		"0/.claude/skills/another/SKILL.md":   "another",
		"0/.claude/skills/.hidden/unrelated":  "untouched",
		"0/.claude/skills/a-skill.old/README": "untouched",
		"1/notes.md":                          "untouched",
	}
	sceneTargets = []string{
		"0/.claude/skills/a-skill", "0/.kiro/skills/a-skill",
		"1/.agents/skills/a-skill", // new, with its parents, in another base
	}
	sceneNew = tree{"SKILL.md": "new"}
)

func newScene(t *testing.T) (scene, string) {
	t.Helper()
	root, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	sceneBefore.write(t, root)
	s := scene{bases: []string{filepath.Join(root, "0"), filepath.Join(root, "1")}}
	for _, path := range sceneTargets {
		s.targets = append(s.targets, target(s.bases[path[0]-'0'], path[2:]))
	}
	return s, root
}

// sceneAfter is the scene with the skill at every target: with files, or with
// none for a removal.
func sceneAfter(files tree) tree {
	after := maps.Clone(sceneBefore)
	for _, path := range sceneTargets {
		maps.DeleteFunc(after, func(name, _ string) bool {
			return name == path || len(name) > len(path) && name[:len(path)+1] == path+"/"
		})
		for name, content := range files {
			after[path+"/"+name] = content
		}
	}
	return after
}

// change is a whole operation on a scene.
type change struct {
	plan func(*testing.T, scene) skills.Operation
	// do works through the operation and says whether it got to the commit.
	do    func(context.Context, install.Worker, skills.Operation) (committed bool, err error)
	after tree
}

// killTwice does the change, kills it before its step of the number first, and
// kills the undoing or finishing of it before its step of the number second;
// then a last start ends it. It checks that all is as before or all is as
// wanted, and says which of the two kills there were steps enough for.
func (c change) killTwice(t *testing.T, first, second int64) (firstKill, secondKill bool) {
	t.Helper()
	s, root := newScene(t)
	op := c.plan(t, s)
	committed, err := c.do(t.Context(), killAt(first, s.bases...), op)
	if err == nil {
		require.Equal(t, c.after, read(t, root))
		return false, false
	}
	require.ErrorIs(t, err, errKilled)

	again, want := install.Worker.Undo, sceneBefore
	if committed {
		again, want = install.Worker.Finish, c.after
	}
	err = again(killAt(second, s.bases...), op)
	if err != nil {
		require.ErrorIs(t, err, errKilled)
		require.NoError(t, again(install.Worker{}, op))
	}
	require.Equal(t, want, read(t, root), "killed at step %d, then at step %d", first, second)
	require.NoError(t, again(install.Worker{}, op), "once more than needed")
	require.Equal(t, want, read(t, root))
	return true, err != nil
}

func TestKillAtEveryStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]change{
		"install": {
			plan: func(t *testing.T, s scene) skills.Operation { return plan(t, s.targets...) },
			do: func(ctx context.Context, w install.Worker, op skills.Operation) (bool, error) {
				if err := w.Stage(ctx, op, source(sceneNew)); err != nil {
					return false, err
				}
				if err := w.Swap(op); err != nil {
					return false, err
				}
				return true, w.Finish(op)
			},
			after: sceneAfter(sceneNew),
		},
		"removal": {
			plan: func(_ *testing.T, s scene) skills.Operation { return install.PlanRemoval(opID, key, s.targets) },
			do: func(_ context.Context, w install.Worker, op skills.Operation) (bool, error) {
				if err := w.Swap(op); err != nil {
					return false, err
				}
				return true, w.Finish(op)
			},
			after: sceneAfter(nil),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for first := int64(0); ; first++ {
				firstKill, secondKill := c.killTwice(t, first, 0)
				for second := int64(1); secondKill; second++ {
					_, secondKill = c.killTwice(t, first, second)
				}
				if !firstKill {
					return
				}
			}
		})
	}
}

func TestUndoSparesWhatTheUserMadeMeanwhile(t *testing.T) {
	t.Parallel()
	theirs := tree{"skills/a-skill/SKILL.md": "theirs"}

	t.Run("where nothing was before", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		op := plan(t, target(home, "skills/a-skill"))
		require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
		require.NoError(t, install.Swap(op))
		require.NoError(t, install.Undo(op))
		theirs.write(t, home)
		require.NoError(t, install.Undo(op), "the journal had not noted that it was undone")
		assert.Equal(t, theirs, read(t, home))
	})

	t.Run("where the former folder was restored", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		theirs.write(t, home)
		op := plan(t, target(home, "skills/a-skill"))
		require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
		require.NoError(t, install.Undo(op))
		require.NoError(t, install.Undo(op))
		assert.Equal(t, theirs, read(t, home))
	})

	t.Run("where the former folder has to come back", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		tree{"skills/a-skill/SKILL.md": "old"}.write(t, home)
		removal := install.PlanRemoval(opID, key, []skills.Target{target(home, "skills/a-skill")})
		require.NoError(t, install.Swap(removal))
		theirs.write(t, home)
		err := install.Undo(removal)
		assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
		assert.ErrorContains(t, err, filepath.Join(home, "skills", "a-skill"))
		assert.Equal(t, "theirs", read(t, home)["skills/a-skill/SKILL.md"])

		require.NoError(t, os.RemoveAll(filepath.Join(home, "skills", "a-skill")))
		require.NoError(t, install.Undo(removal), "when the user has removed it")
		assert.Equal(t, tree{"skills/a-skill/SKILL.md": "old"}, read(t, home))
	})
}

func TestFinishSparesWhatTheUserMadeMeanwhile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{"skills/a-skill/SKILL.md": "old"}.write(t, home)
	removal := install.PlanRemoval(opID, key, []skills.Target{target(home, "skills/a-skill")})
	require.NoError(t, install.Swap(removal))
	tree{"skills/a-skill/SKILL.md": "theirs"}.write(t, home)
	require.NoError(t, install.Finish(removal))
	assert.Equal(t, tree{"skills/a-skill/SKILL.md": "theirs"}, read(t, home))
}

func TestOneFailureDoesNotKeepOthersFromBeingUndone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{"a/a-skill/SKILL.md": "old", "b/a-skill/SKILL.md": "old"}.write(t, home)
	removal := install.PlanRemoval(opID, key, []skills.Target{target(home, "a/a-skill"), target(home, "b/a-skill")})
	require.NoError(t, install.Swap(removal))
	tree{"a/a-skill/SKILL.md": "theirs"}.write(t, home)
	assert.Error(t, install.Undo(removal))
	assert.Equal(t, "old", read(t, home)["b/a-skill/SKILL.md"])
}
