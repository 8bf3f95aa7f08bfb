// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func listFiles(t *testing.T, dir string) ([]skills.File, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return skills.ListFiles(root)
}

func TestListFiles(t *testing.T) {
	t.Parallel()
	dir := skillFolder(t, "good-one", "text")
	write(t, dir, map[string]string{
		"a/b.md": "12", "a.md": "1", "a-b.md": "", "docs/SKILL.md": "123", ".hidden": "x", ".git/x": "x", "a/.x/y": "z",
	})
	got, err := listFiles(t, dir)
	require.NoError(t, err)
	assert.Equal(t, []skills.File{
		{Path: "SKILL.md", Size: 4}, {Path: "a-b.md", Size: 0}, {Path: "a.md", Size: 1}, {Path: "a/b.md", Size: 2}, {Path: "docs/SKILL.md", Size: 3},
	}, got)
}

func TestListFilesBounds(t *testing.T) {
	t.Parallel()
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		dir := skillFolder(t, "good-one", "text")
		for i := range skills.MaxFiles {
			write(t, dir, map[string]string{fmt.Sprintf("f%04d", i): ""})
		}
		got, err := listFiles(t, dir)
		require.NoError(t, err)
		assert.Len(t, got, skills.MaxFiles+1)

		write(t, dir, map[string]string{"zz-last": ""})
		_, err = listFiles(t, dir)
		require.ErrorContains(t, err, "zz-last is one file too many")
		assert.Equal(t, skills.Unprocessable, skills.KindOf(err))
	})
	t.Run("bytes", func(t *testing.T) {
		t.Parallel()
		dir := skillFolder(t, "good-one", "text")
		large := filepath.Join(dir, "large.bin")
		write(t, dir, map[string]string{"large.bin": ""})
		require.NoError(t, os.Truncate(large, skills.MaxTotalSize))
		_, err := listFiles(t, dir)
		require.NoError(t, err, "SKILL.md does not count")

		require.NoError(t, os.Truncate(large, skills.MaxTotalSize+1))
		_, err = listFiles(t, dir)
		require.ErrorContains(t, err, "large.bin")
		assert.Equal(t, skills.Unprocessable, skills.KindOf(err))
	})
}

func TestListFilesRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links and sockets need a Unix system")
	}
	tests := map[string]struct {
		make func(t *testing.T, file string)
		says string
	}{
		"a link to a file":   {func(t *testing.T, f string) { require.NoError(t, os.Symlink("SKILL.md", f)) }, "odd is a symbolic link"},
		"a link to a folder": {func(t *testing.T, f string) { require.NoError(t, os.Symlink("/etc", f)) }, "odd is a symbolic link"},
		"a dangling link":    {func(t *testing.T, f string) { require.NoError(t, os.Symlink("gone", f)) }, "odd is a symbolic link"},
		"a socket": {func(t *testing.T, f string) {
			short, err := os.MkdirTemp("", "s")
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(short) })
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, "s"), Net: "unix"})
			require.NoError(t, err)
			listener.SetUnlinkOnClose(false)
			require.NoError(t, listener.Close())
			require.NoError(t, os.Rename(filepath.Join(short, "s"), f))
		}, "odd is a socket"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := skillFolder(t, "good-one", "text")
			tt.make(t, filepath.Join(dir, "odd"))
			_, err := listFiles(t, dir)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, skills.Invalid, skills.KindOf(err))
		})
	}
	t.Run("a missing SKILL.md", func(t *testing.T) {
		t.Parallel()
		_, err := listFiles(t, t.TempDir())
		require.ErrorContains(t, err, "no SKILL.md")
		assert.Equal(t, skills.Invalid, skills.KindOf(err))
	})
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ path, says string }{
		"absolute":           {filepath.Join(t.TempDir(), "x..y"), ""},
		"empty":              {"", "path is missing"},
		"relative":           {"skills/x", "must be an absolute path"},
		"a dot-dot segment":  {"/home/../etc", `must not have ".."`},
		"dot-dot at the end": {"/home/..", `must not have ".."`},
		"a NUL byte":         {"/home/\x00", "NUL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := skills.CheckPath("path", tt.path)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, skills.Invalid, skills.KindOf(err))
		})
	}
}
