// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

const skillText = "---\nname: greet\ndescription: Says hello.\n---\nHello.\n"

// newFetcher returns a Fetcher that may use loopback, and the folder for its
// packs, which must be empty after each call.
func newFetcher(t *testing.T, change func(*git.Config)) (*git.Fetcher, string) {
	t.Helper()
	cfg := git.Config{AllowPrivate: true, TempDir: t.TempDir(), Getenv: func(string) string { return "" }}
	if change != nil {
		change(&cfg)
	}
	f := git.NewFetcher(cfg)
	t.Cleanup(f.Close)
	return f, cfg.TempDir
}

func mustParse(t *testing.T, s string) git.Reference {
	t.Helper()
	ref, err := git.ParseReference(s)
	require.NoError(t, err)
	return ref
}

// fetch resolves and fetches, and returns the commit and the files by path.
func fetch(t *testing.T, f *git.Fetcher, reference string) (string, map[string]string, error) {
	t.Helper()
	ref := mustParse(t, reference)
	commit, err := f.Resolve(t.Context(), ref)
	if err != nil {
		return "", nil, err
	}
	dst := t.TempDir()
	if err := f.Fetch(t.Context(), ref, commit, dst); err != nil {
		return commit, nil, err
	}
	return commit, readFolder(t, dst), nil
}

func readFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		assert.True(t, entry.Type().IsRegular(), path)
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return files
}

func assertEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestFetchByEveryKindOfRef(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/skill")
	at := func(text string) map[string]string {
		return map[string]string{"SKILL.md": skillText + text, "docs/a.md": text}
	}
	first := repo.Commit("main", at("first"))
	second := repo.Commit("main", at("second"))
	third := repo.Commit("main", at("third"))
	repo.Tag("light", first)
	repo.AnnotatedTag("annotated", second)
	repo.AnnotatedTag("@scope/pkg@1.0.0", first)
	other := repo.Commit("feature/new", at("feature"))
	repo.Tag("both", first)
	repo.Branch("both", second)

	tests := []struct{ name, suffix, commit, text string }{
		{"no ref", "", third, "third"},
		{"branch", "@main", third, "third"},
		{"branch with a slash", "@feature/new", other, "feature"},
		{"lightweight tag", "@light", first, "first"},
		{"annotated tag", "@annotated", second, "second"},
		{"tag with at signs", "@@scope/pkg@1.0.0", first, "first"},
		{"full name of a tag", "@refs/tags/light", first, "first"},
		{"branch before tag", "@both", second, "second"},
		{"commit at a branch", "@" + third, third, "third"},
		{"commit at an annotated tag", "@" + second, second, "second"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, temp := newFetcher(t, nil)
			commit, files, err := fetch(t, f, server.Reference("org/skill", tt.suffix))
			require.NoError(t, err)
			assert.Equal(t, tt.commit, commit)
			assert.Equal(t, at(tt.text), files)
			assertEmpty(t, temp)
		})
	}
}

func TestFetchCommitInHistory(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"server gives out any reachable commit": "uploadpack.allowReachableSHA1InWant",
		"server gives out hidden tips":          "uploadpack.allowTipSHA1InWant",
		"server gives out tips alone":           "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := gittest.New(t)
			repo := server.Create("org/skill")
			old := repo.Commit("main", map[string]string{"SKILL.md": skillText, "old": "1"})
			repo.Commit("main", map[string]string{"SKILL.md": skillText})
			if config != "" {
				repo.Config(config, "true")
			}
			f, temp := newFetcher(t, nil)
			commit, files, err := fetch(t, f, server.Reference("org/skill", "@"+old))
			require.NoError(t, err)
			assert.Equal(t, old, commit)
			assert.Equal(t, map[string]string{"SKILL.md": skillText, "old": "1"}, files)

			_, _, err = fetch(t, f, server.Reference("org/skill", "@"+someCommit))
			require.Error(t, err)
			assert.Equal(t, skills.Upstream, skills.KindOf(err), err)
			assert.ErrorContains(t, err, someCommit)
			assertEmpty(t, temp)
		})
	}
}

func TestABranchCannotTakeTheNameOfACommit(t *testing.T) {
	t.Parallel()
	for name, reachable := range map[string]string{"fetch by commit": "true", "full fetch": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := gittest.New(t)
			repo := server.Create("org/skill")
			pinned := repo.Commit("main", map[string]string{"SKILL.md": skillText, "good": ""})
			evil := repo.Commit("main", map[string]string{"SKILL.md": skillText, "evil": ""})
			repo.Branch(pinned, evil)
			repo.Branch(someCommit, evil)
			repo.Config("uploadpack.allowReachableSHA1InWant", reachable)

			f, temp := newFetcher(t, nil)
			commit, files, err := fetch(t, f, server.Reference("org/skill", "@"+pinned))
			require.NoError(t, err)
			assert.Equal(t, pinned, commit)
			assert.Contains(t, files, "good")

			// Where the repository has no such commit, it is the branch that is meant.
			commit, _, err = fetch(t, f, server.Reference("org/skill", "@"+someCommit))
			require.NoError(t, err)
			assert.Equal(t, evil, commit)
			assertEmpty(t, temp)
		})
	}
}

func TestFetchFolder(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/skills.git")
	repo.CommitEntries("main",
		gittest.Entry{Mode: gittest.File, Path: "README.md", Data: "not this"},
		gittest.Entry{Mode: gittest.Symlink, Path: "elsewhere", Data: "/etc"},
		gittest.Entry{Mode: gittest.File, Path: ".gitattributes", Data: "* filter=evil ident\n"},
		gittest.Entry{Mode: gittest.File, Path: "skills/greet/SKILL.md", Data: skillText},
		gittest.Entry{Mode: gittest.File, Path: "skills/greet/sub/deep/$Id$.txt", Data: "$Id$\r\n"},
		gittest.Entry{Mode: gittest.Executable, Path: "skills/greet/run.sh", Data: "#!/bin/sh\n"},
		gittest.Entry{Mode: gittest.File, Path: "skills/greet/empty", Data: ""},
		gittest.Entry{Mode: gittest.File, Path: "skills/greet/.hidden", Data: "x"},
		gittest.Entry{Mode: gittest.File, Path: "skills/greet/.dir/file", Data: "x"},
		gittest.Entry{Mode: gittest.Symlink, Path: "skills/greet/.link", Data: "/etc/passwd"},
		gittest.Entry{Mode: gittest.File, Path: "skills/bare/notes.md", Data: "no skill"},
		gittest.Entry{Mode: gittest.Symlink, Path: "skills/linked", Data: "greet"},
		gittest.Entry{Mode: gittest.File, Path: "skills/bad/SKILL.md", Data: "---\nname: Not Valid\n---\n"},
		gittest.Entry{Mode: gittest.File, Path: "skills/raw/SKILL.md", Data: "no frontmatter"},
		gittest.Entry{Mode: gittest.Symlink, Path: "skills/link-md/SKILL.md", Data: "../greet/SKILL.md"},
		gittest.Entry{Mode: gittest.File, Path: "skills/with-link/SKILL.md", Data: skillText},
		gittest.Entry{Mode: gittest.Symlink, Path: "skills/with-link/out", Data: "/etc/passwd"},
		gittest.Entry{Mode: gittest.File, Path: "skills/with-module/SKILL.md", Data: skillText},
		gittest.Entry{Mode: gittest.Submodule, Path: "skills/with-module/dep", Data: someCommit},
		gittest.Entry{Mode: gittest.File, Path: "skills/backslash/SKILL.md", Data: skillText},
		gittest.Entry{Mode: gittest.File, Path: `skills/backslash/a\..\x`, Data: "x"},
	)
	f, temp := newFetcher(t, nil)
	_, files, err := fetch(t, f, server.Reference("org/skills", "#skills/greet"))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"SKILL.md": skillText, "run.sh": "#!/bin/sh\n", "empty": "", "sub/deep/$Id$.txt": "$Id$\r\n",
	}, files)

	tests := []struct {
		name, folder string
		kind         skills.Kind
		message      string
	}{
		{"no such folder", "skills/none", skills.Upstream, `no folder "skills/none"`},
		{"no such parent", "none/greet", skills.Upstream, `no folder "none"`},
		{"a file", "README.md", skills.Upstream, "is a file"},
		{"a link to a folder", "skills/linked", skills.Unprocessable, "symbolic link"},
		{"no SKILL.md", "skills/bare", skills.Unprocessable, "no SKILL.md"},
		{"no SKILL.md at the root", "", skills.Unprocessable, "no SKILL.md"},
		{"SKILL.md is a link", "skills/link-md", skills.Unprocessable, "no SKILL.md"},
		{"bad name", "skills/bad", skills.Unprocessable, "Not Valid"},
		{"no frontmatter", "skills/raw", skills.Unprocessable, "frontmatter"},
		{"a link", "skills/with-link", skills.Unprocessable, `"out" is a symbolic link`},
		{"a submodule", "skills/with-module", skills.Unprocessable, `"dep" is a submodule`},
		{"a backslash", "skills/backslash", skills.Unprocessable, `a\\..\\x`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := fetch(t, f, server.Reference("org/skills", "#"+tt.folder))
			require.Error(t, err)
			assert.Equal(t, tt.kind, skills.KindOf(err), err)
			assert.ErrorContains(t, err, tt.message)
			assert.ErrorContains(t, err, server.Reference("org/skills", ""))
		})
	}
	assertEmpty(t, temp)
}

func TestFetchedFilesAreOrdinary(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/skill")
	repo.CommitEntries("main",
		gittest.Entry{Mode: gittest.File, Path: "SKILL.md", Data: skillText},
		gittest.Entry{Mode: gittest.Executable, Path: "run.sh", Data: "x"},
	)
	f, _ := newFetcher(t, nil)
	ref := mustParse(t, server.Reference("org/skill", ""))
	commit, err := f.Resolve(t.Context(), ref)
	require.NoError(t, err)
	dst := t.TempDir()
	require.NoError(t, f.Fetch(t.Context(), ref, commit, dst))
	info, err := os.Stat(filepath.Join(dst, "run.sh"))
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o111, "a fetched file is not executable")

	// A second fetch must not overwrite what is there.
	err = f.Fetch(t.Context(), ref, commit, dst)
	require.Error(t, err)
	err = f.Fetch(t.Context(), ref, commit, filepath.Join(dst, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, skills.Internal, skills.KindOf(err))
	err = f.Fetch(t.Context(), ref, "main", t.TempDir())
	assert.Equal(t, skills.Invalid, skills.KindOf(err))
}

func TestAPinnedCommitTransfersLittle(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	repo := server.Create("org/big")
	repo.Config("uploadpack.allowReachableSHA1InWant", "true")
	commits := repo.History("main", 5000, map[string]string{"skills/greet/SKILL.md": skillText})
	size := repo.Size()

	f, _ := newFetcher(t, nil)
	server.Reset()
	_, files, err := fetch(t, f, server.Reference("org/big", "@"+commits[2500]+"#skills/greet"))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"SKILL.md": skillText}, files)
	t.Logf("repository of %d commits: %d bytes; sent %d bytes in %d requests", len(commits), size, server.Sent(), server.Requests())
	assert.Less(t, server.Sent(), size/10)
}
