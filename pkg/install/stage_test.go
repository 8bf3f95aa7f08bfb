// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

func TestStageLeavesTargetsAlone(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{"skills/a-skill/SKILL.md": "old"}.write(t, home)
	op := plan(t, target(home, "skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	content, err := os.ReadFile(filepath.Join(home, "skills", "a-skill", "SKILL.md"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(content))
	entries, err := os.ReadDir(filepath.Join(home, "skills"))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.True(t, entry.Name() == "a-skill" || strings.HasPrefix(entry.Name(), "."), "%s is visible", entry.Name())
	}
}

// TestStageBesideOthers has another installation make or remove a folder above
// the target at the worst moment.
func TestStageBesideOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// at is the beginning of the path that is about to be made.
		at    string
		other func(parent string) error
	}{
		"that make a parent first":           {".client/skills", func(parent string) error { return os.Mkdir(parent, 0o755) }},
		"that remove a parent they had made": {".client/skills/", os.Remove},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, interfered := t.TempDir(), false
			worker := install.Worker{Hook: func(step, path string) error {
				if interfered || step != "mkdir" || !strings.HasPrefix(path, test.at) {
					return nil
				}
				interfered = true
				return test.other(filepath.Join(home, ".client", "skills"))
			}}
			op := plan(t, target(home, ".client/skills/a-skill"))
			require.NoError(t, worker.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
			require.True(t, interfered)
			require.NoError(t, install.Swap(op))
			assert.Equal(t, "new", read(t, home)[".client/skills/a-skill/SKILL.md"])
		})
	}
}

func TestStageReadsTheSourceOnceForAllTargets(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	op := plan(t, target(home, "a/a-skill"), target(home, "b/a-skill"), target(home, "c/a-skill"))
	const size = 1 << 20
	var count countingReader
	require.NoError(t, install.Stage(t.Context(), op, func(write func(string, io.Reader) error) error {
		count.r = io.LimitReader(zeros{}, size)
		return write("SKILL.md", &count)
	}))
	require.NoError(t, install.Swap(op))
	assert.EqualValues(t, size, count.n)
	for _, folder := range []string{"a", "b", "c"} {
		info, err := os.Stat(filepath.Join(home, folder, "a-skill", "SKILL.md"))
		require.NoError(t, err)
		assert.EqualValues(t, size, info.Size())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func TestStageRefusesFiles(t *testing.T) {
	t.Parallel()
	for name, paths := range map[string][]string{
		"parent":             {"../x"},
		"parent inside":      {"a/../../x"},
		"dots":               {"a/./b"},
		"absolute":           {"/etc/passwd"},
		"backslash":          {`..\x`},
		"drive or backslash": {`C:\x`},
		"NUL":                {"a\x00b"},
		"empty":              {""},
		"the folder":         {"."},
		"trailing slash":     {"a/"},
		"double slash":       {"a//b"},
		"not UTF-8":          {"a\xff"},
		"twice":              {"a", "a"},
		"file as folder":     {"a", "a/b"},
		"folder as file":     {"a/b", "a"},
		"too long":           {strings.Repeat("a", 300)},
		"our own mark":       {".skilld-" + opID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			home := filepath.Join(parent, "home")
			require.NoError(t, os.Mkdir(home, 0o755))
			op := plan(t, target(home, ".claude/skills/a-skill"), target(home, ".kiro/skills/a-skill"))
			err := install.Stage(t.Context(), op, func(write func(string, io.Reader) error) error {
				for _, path := range paths {
					if err := write(path, strings.NewReader("x")); err != nil {
						return err
					}
				}
				return nil
			})
			assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)
			assertEmpty(t, home)
			assert.Empty(t, read(t, parent))
		})
	}
}

// assertEmpty checks that a failed Stage has left nothing, folders included.
func assertEmpty(t *testing.T, home string) {
	t.Helper()
	entries, err := os.ReadDir(home)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestStageStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("the archive is broken")
	ctx, cancel := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		fill func(func(string, io.Reader) error) error
		want error
	}{
		"when the source fails": {
			func(write func(string, io.Reader) error) error {
				return errors.Join(write("SKILL.md", strings.NewReader("x")), broken)
			}, broken,
		},
		"when a reader fails": {
			func(write func(string, io.Reader) error) error {
				return write("docs/a.md", io.MultiReader(strings.NewReader("x"), failing{broken}))
			}, broken,
		},
		"when its context ends": {
			func(write func(string, io.Reader) error) error {
				cancel()
				return write("SKILL.md", zeros{})
			}, context.Canceled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			op := plan(t, target(home, ".claude/skills/a-skill"), target(home, ".kiro/skills/a-skill"))
			stageCtx := t.Context()
			if errors.Is(tt.want, context.Canceled) {
				stageCtx = ctx
			}
			assert.ErrorIs(t, install.Stage(stageCtx, op, tt.fill), tt.want)
			assertEmpty(t, home)
			assert.NoError(t, install.Undo(op), "after it there is nothing to undo")
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFailedStageKeepsWhatOthersPutIntoItsParents(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	op := plan(t, target(home, ".claude/skills/a-skill"))
	err := install.Stage(t.Context(), op, func(func(string, io.Reader) error) error {
		tree{".claude/settings.json": "{}"}.write(t, home)
		return io.ErrUnexpectedEOF
	})
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, tree{".claude/settings.json": "{}"}, read(t, home))
	assert.NoDirExists(t, filepath.Join(home, ".claude", "skills"))
}

func TestStageSaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	tree{".claude": "a file"}.write(t, home)
	op := plan(t, target(home, ".claude/skills/a-skill"))
	err := install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"}))
	assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
	assert.ErrorContains(t, err, filepath.Join(home, ".claude")+" is a file")
}

func TestSwapRefusesWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	op := plan(t, target(home, "skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "new"})))
	tree{"skills/a-skill/SKILL.md": "theirs"}.write(t, home)
	err := install.Swap(op)
	assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
	require.NoError(t, install.Undo(op))
	assert.Equal(t, tree{"skills/a-skill/SKILL.md": "theirs"}, read(t, home))
}

func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	home := t.TempDir()
	op := plan(t, target(home, "skills/a-skill"))
	require.NoError(t, install.Stage(t.Context(), op, source(tree{"SKILL.md": "x", "scripts/deep/run.sh": "x"})))
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Finish(op))
	assertModes(t, filepath.Join(home, "skills", "a-skill"))
}

func assertModes(t *testing.T, folder string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		want := os.FileMode(0o644)
		if entry.IsDir() {
			want = 0o755
		}
		assert.Equal(t, want, info.Mode().Perm(), path)
		return nil
	}))
}

// BenchmarkInstall puts a skill of 1,000 files of 4 KiB into three folders.
func BenchmarkInstall(b *testing.B) {
	home := b.TempDir()
	files := tree{}
	for i := range 1000 {
		files[fmt.Sprintf("docs/%02d/%04d.md", i%20, i)] = strings.Repeat("x", 4<<10)
	}
	for b.Loop() {
		op := plan(b, target(home, "a/a-skill"), target(home, "b/a-skill"), target(home, "c/a-skill"))
		require.NoError(b, install.Stage(b.Context(), op, source(files)))
		require.NoError(b, install.Swap(op))
		require.NoError(b, install.Finish(op))
	}
}
