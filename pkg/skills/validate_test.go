// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

// write puts files below dir; a name that ends with '/' is a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
}

// skillFolder makes a folder of the given name with the given SKILL.md.
func skillFolder(t *testing.T, name, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.Mkdir(dir, 0o755))
	write(t, dir, map[string]string{"SKILL.md": text})
	return dir
}

func TestValidate(t *testing.T) {
	t.Parallel()
	front := func(lines string) string { return "---\n" + lines + "---\n\nText.\n" }
	long := strings.Repeat("é", 1024)
	tests := map[string]struct {
		folder, text string
		errors       []string
		warnings     []string
	}{
		"a valid skill":                     {"good-one", front("name: good-one\ndescription: d\n"), nil, nil},
		"characters are counted, not bytes": {"good-one", front("name: good-one\ndescription: " + long + "\n"), nil, nil},
		"description too long":              {"good-one", front("name: good-one\ndescription: " + long + "x\n"), []string{"1025 characters"}, nil},
		"description missing":               {"good-one", front("name: good-one\n"), []string{"description is missing or blank"}, nil},
		"description blank":                 {"good-one", front("name: good-one\ndescription: '  '\n"), []string{"description is missing or blank"}, nil},
		"compatibility too long": {"good-one", front("name: good-one\ndescription: d\ncompatibility: " + strings.Repeat("x", 501) + "\n"),
			[]string{"compatibility has 501 characters"}, nil},
		"name missing":             {"good-one", front("description: d\n"), []string{"name is missing"}, nil},
		"name of another folder":   {"good-one", front("name: other\ndescription: d\n"), []string{"must be the name of its folder"}, nil},
		"everything wrong at once": {"a", front("name: A\n"), []string{"has 1 character", "must be the name of its folder", "description is missing"}, nil},
		"no frontmatter":           {"good-one", "# Hello\n", []string{"no frontmatter"}, nil},
		"fields that are known":    {"good-one", front("name: good-one\ndescription: d\nversion: 1\nlicense: MIT\ntoolhive.requires: x\nmetadata: {a: b}\n"), nil, nil},
		"a field that is unknown":  {"good-one", front("name: good-one\ndescription: d\nauthor: me\n"), nil, []string{`field "author"`}},
		"tools by comma":           {"good-one", front("name: good-one\ndescription: d\nallowed-tools: A, B\n"), nil, []string{"separated by commas"}},
		"500 lines":                {"good-one", "---\nname: good-one\ndescription: d\n---\n" + strings.Repeat("x\n", 496), nil, nil},
		"501 lines":                {"good-one", "---\nname: good-one\ndescription: d\n---\n" + strings.Repeat("x\n", 496) + "x", nil, []string{"501 lines"}},
		"links": {"good-one", front("name: good-one\ndescription: d\n") +
			"[here](SKILL.md#top) [web](https://example.com/x.md) [anchor](#x) [mail](mailto:a@b) ![gone](img/gone.png \"title\") [again](img/gone.png) [up](../other.md)\n",
			nil, []string{"img/gone.png, which is not in the folder", "../other.md, which is not in the folder"}},
		"links of every form": {"good-one", front("name: good-one\ndescription: d\n") +
			"[a][ref] ![b](<with space.png>) [c](foo(1).md)\n\n[ref]: missing.md 'title'\n\n`[code](no.md)`\n\n```\n[code](no.md)\n```\n",
			nil, []string{"links to missing.md", "links to with space.png", "links to foo(1).md"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := skills.Validate(t.Context(), skillFolder(t, tt.folder, tt.text), os.OpenRoot)
			require.NoError(t, err)
			assert.Equal(t, len(tt.errors) == 0, got.Valid)
			assertSays(t, tt.errors, got.Errors)
			assertSays(t, tt.warnings, got.Warnings)
		})
	}
}

// assertSays checks that each sentence holds the text expected at its place.
func assertSays(t *testing.T, want, got []string) {
	t.Helper()
	require.NotNil(t, got)
	if assert.Len(t, got, len(want), "%q", got) {
		for i := range want {
			assert.Contains(t, got[i], want[i])
		}
	}
}

func TestValidateFolders(t *testing.T) {
	t.Parallel()
	t.Run("a folder that does not exist", func(t *testing.T) {
		t.Parallel()
		got, err := skills.Validate(t.Context(), filepath.Join(t.TempDir(), "gone"), os.OpenRoot)
		require.NoError(t, err)
		assert.False(t, got.Valid)
		assertSays(t, []string{"does not exist"}, got.Errors)
	})
	t.Run("a folder without SKILL.md", func(t *testing.T) {
		t.Parallel()
		got, err := skills.Validate(t.Context(), t.TempDir(), os.OpenRoot)
		require.NoError(t, err)
		assertSays(t, []string{"no SKILL.md"}, got.Errors)
	})
	t.Run("a file in the place of the folder", func(t *testing.T) {
		t.Parallel()
		got, err := skills.Validate(t.Context(), filepath.Join(skillFolder(t, "good-one", "x"), "SKILL.md"), os.OpenRoot)
		require.NoError(t, err)
		assertSays(t, []string{"cannot be opened"}, got.Errors)
	})
	t.Run("symbolic links, but not hidden ones", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS == "windows" {
			t.Skip("symbolic links need a privilege on Windows")
		}
		dir := skillFolder(t, "good-one", "---\nname: good-one\ndescription: d\n---\n")
		write(t, dir, map[string]string{"sub/x.md": "x", ".git/config": ""})
		require.NoError(t, os.Symlink("x.md", filepath.Join(dir, "sub", "link.md")))
		require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, ".hidden")))
		require.NoError(t, os.Symlink("/etc", filepath.Join(dir, ".git", "etc")))
		got, err := skills.Validate(t.Context(), dir, os.OpenRoot)
		require.NoError(t, err)
		assertSays(t, []string{"sub/link.md is a symbolic link"}, got.Errors)
	})
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, says string }{
		"letters, digits, hyphens": {"a1-b2", ""},
		"the shortest":             {"ab", ""},
		"the longest":              {strings.Repeat("a", 64), ""},
		"digits alone":             {"42", ""},
		"none":                     {"", "is missing"},
		"too short":                {"a", "at least 2"},
		"too long":                 {strings.Repeat("a", 65), "65 characters; at most 64"},
		"upper case":               {"My-Skill", "lowercase"},
		"a letter beyond ASCII":    {"größe", "lowercase"},
		"an underscore":            {"my_skill", "lowercase"},
		"a space":                  {"my skill", "lowercase"},
		"a slash":                  {"my/skill", "lowercase"},
		"dots":                     {"..", "lowercase"},
		"a hyphen first":           {"-ab", "begin or end"},
		"a hyphen last":            {"ab-", "begin or end"},
		"two hyphens":              {"a--b", "two hyphens"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := skills.ValidateName(tt.name)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, skills.Invalid, skills.KindOf(err))
		})
	}
}
