// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

const someCommit = "0123456789abcdef0123456789abcdef01234567"

func TestParseReference(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in        string
		want      git.Reference
		canonical string
	}{
		{"git://github.com/org/repo", git.Reference{Host: "github.com", Owner: "org", Repo: "repo"}, ""},
		{"git://github.com/org/repo@main", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "main"}, ""},
		{"git://github.com/org/repo#skills/greet", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Folder: "skills/greet"}, ""},
		{"git://github.com/org/repo@v1.0.0#skills/greet", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "v1.0.0", Folder: "skills/greet"}, ""},
		{"git://github.com/org/repo@" + someCommit, git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: someCommit}, ""},
		{"git://github.com/org/repo@feature/new-one", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "feature/new-one"}, ""},
		{"git://github.com/org/repo@@scope/pkg@1.0.0", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "@scope/pkg@1.0.0"}, ""},
		{"git://github.com/org/.github", git.Reference{Host: "github.com", Owner: "org", Repo: ".github"}, ""},
		{"git://github.com/org/repo#.claude/skills/x", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Folder: ".claude/skills/x"}, ""},
		{"git://git.sr.ht/~user/repo", git.Reference{Host: "git.sr.ht", Owner: "~user", Repo: "repo"}, ""},
		{"git://gitlab.com/group/sub/repo@main", git.Reference{Host: "gitlab.com", Owner: "group/sub", Repo: "repo", Ref: "main"}, ""},
		{"git://127.0.0.1:8080/org/repo", git.Reference{Host: "127.0.0.1:8080", Owner: "org", Repo: "repo"}, ""},
		{"git://[2001:db8::1]:8443/org/repo", git.Reference{Host: "[2001:db8::1]:8443", Owner: "org", Repo: "repo"}, ""},
		{"git://[2001:db8::1]/org/repo", git.Reference{Host: "[2001:db8::1]", Owner: "org", Repo: "repo"}, ""},
		{"https://github.com/org/repo", git.Reference{Host: "github.com", Owner: "org", Repo: "repo"}, "git://github.com/org/repo"},
		{"http://example.com/org/repo", git.Reference{Host: "example.com", Owner: "org", Repo: "repo"}, "git://example.com/org/repo"},
		{"HTTPS://GitHub.com/Org/Repo", git.Reference{Host: "github.com", Owner: "Org", Repo: "Repo"}, "git://github.com/Org/Repo"},
		{"https://github.com:443/org/repo.git", git.Reference{Host: "github.com", Owner: "org", Repo: "repo"}, "git://github.com/org/repo"},
		{"http://localhost:80/org/repo/", git.Reference{Host: "localhost", Owner: "org", Repo: "repo"}, "git://localhost/org/repo"},
		{"https://github.com/org/repo.git@main#a/b", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "main", Folder: "a/b"}, "git://github.com/org/repo@main#a/b"},
		{"git://github.com/org/repo#", git.Reference{Host: "github.com", Owner: "org", Repo: "repo"}, "git://github.com/org/repo"},
		{"git://github.com/org/repo#./a//b/", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Folder: "a/b"}, "git://github.com/org/repo#a/b"},
		{"git://github.com/org/repo#a#b", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Folder: "a#b"}, ""},
		{"git://github.com/org/repo@größe", git.Reference{Host: "github.com", Owner: "org", Repo: "repo", Ref: "größe"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := git.ParseReference(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			if tt.canonical == "" {
				tt.canonical = tt.in
			}
			assert.Equal(t, tt.canonical, got.String())
			again, err := git.ParseReference(got.String())
			require.NoError(t, err)
			assert.Equal(t, got, again)
			assert.True(t, git.IsReference(tt.in))
		})
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	t.Parallel()
	const repo = "git://github.com/org/repo"
	tests := map[string]string{
		"empty":                  "",
		"no scheme":              "github.com/org/repo",
		"another scheme":         "ssh://github.com/org/repo",
		"no host":                "git:///org/repo",
		"no owner or repo":       "git://github.com",
		"no owner or repo slash": "git://github.com/",
		"no repo":                "git://github.com/org",
		"no repo slash":          "git://github.com/org/",
		"no owner":               "git://github.com//repo",
		"no repo but a ref":      "git://github.com/org@main",
		"only .git":              "git://github.com/org/.git",
		".git twice":             "git://github.com/org/repo.git.git",
		".. as owner":            "git://github.com/../repo",
		".. as repo":             "git://github.com/org/..",
		".. in repo":             "git://github.com/org/a..b",
		". as owner":             "git://github.com/./repo",
		"backslash in repo":      `git://github.com/org\repo/x`,
		"backslash in host":      `git://github.com\@evil.example/org/repo`,
		"dash repo":              "git://github.com/org/-repo",
		"percent escape":         "git://github.com/org/re%2e%2epo",
		"space in repo":          "git://github.com/org/re po",
		"query":                  repo + "?x=y",
		"credentials":            "git://user:secret@github.com/org/repo",
		"token as user":          "https://token@github.com/org/repo",
		"bad port":               "git://github.com:http/org/repo",
		"port 0":                 "git://github.com:0/org/repo",
		"port too big":           "git://github.com:65536/org/repo",
		"empty port":             "git://github.com:/org/repo",
		"port alone":             "git://:80/org/repo",
		"bad host":               "git://git_hub..com/org/repo",
		"host with dash":         "git://-oProxyCommand/org/repo",
		"trailing dot host":      "git://github.com./org/repo",
		"IPv6 without brackets":  "git://::1/org/repo",
		"IPv6 with zone":         "git://[fe80::1%25eth0]/org/repo",
		"IPv6 unclosed":          "git://[::1/org/repo",
		"web page of a folder":   "https://github.com/org/repo/tree/main/skills/x",
		"web page at GitLab":     "https://gitlab.com/group/repo/-/tree/main",
		"empty ref":              repo + "@",
		"only @":                 repo + "@@",
		"ref with ..":            repo + "@a..b",
		"ref with dash first":    repo + "@--upload-pack=x",
		"ref with backslash":     repo + `@a\b`,
		"ref with NUL":           repo + "@a\x00b",
		"ref with newline":       repo + "@a\nb",
		"ref ends with dot":      repo + "@a.",
		"ref ends with slash":    repo + "@a/",
		"ref with .lock":         repo + "@a.lock",
		"ref with hidden part":   repo + "@a/.b",
		"folder absolute":        repo + "#/etc",
		"folder ..":              repo + "#..",
		"folder with ..":         repo + "#a/../b",
		"folder with .. last":    repo + "#a/..",
		"folder with backslash":  repo + `#a\..\b`,
		"folder with NUL":        repo + "#a\x00b",
		"not UTF-8":              repo + "#\xff",
		"too long":               repo + "#" + strings.Repeat("a", 3000),
	}
	for _, r := range "$`;&|<>(){}'\"!*?~^: %[" {
		tests["ref with "+string(r)] = repo + "@a" + string(r) + "b"
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := git.ParseReference(in)
			require.Error(t, err)
			assert.Equal(t, skills.Invalid, skills.KindOf(err))
			assert.Less(t, len(err.Error()), 1200)
		})
	}
}

func TestIsReference(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"git://x", "https://x", "HTTP://x"} {
		assert.True(t, git.IsReference(s), s)
	}
	for _, s := range []string{"", "git", "git:/x", "ghcr.io/org/name:v1", "name", "ssh://x"} {
		assert.False(t, git.IsReference(s), s)
	}
}

func TestReferenceCommit(t *testing.T) {
	t.Parallel()
	commit, ok := git.Reference{Ref: strings.ToUpper(someCommit)}.Commit()
	assert.True(t, ok)
	assert.Equal(t, someCommit, commit)
	for _, ref := range []string{"", "main", someCommit[:12], someCommit + "0"} {
		_, ok := git.Reference{Ref: ref}.Commit()
		assert.False(t, ok, ref)
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{
		"git://github.com/org/repo@v1#a/b", "https://h:443/a/b/c.git/@x#./y", "git://[::1]:1/a/b", "git://h/a/b@@c@1#.x#y", "http://h:80/~u/r",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := git.ParseReference(s)
		if err != nil {
			require.Equal(t, skills.Invalid, skills.KindOf(err))
			return
		}
		require.True(t, git.IsReference(s))
		again, err := git.ParseReference(ref.String())
		require.NoError(t, err, "canonical form %q of %q", ref, s)
		require.Equal(t, ref, again)
		for _, part := range []string{ref.Host, ref.Owner, ref.Repo, ref.Ref} {
			require.NotContains(t, part, "..")
			require.False(t, strings.ContainsAny(part, "\\\x00\n $`;&|<>(){}'\"!*?"), part)
		}
		require.NotEmpty(t, ref.Host)
		require.NotEmpty(t, ref.Owner)
		require.NotEmpty(t, ref.Repo)
		require.NotContains(t, strings.Split(ref.Folder, "/"), "..")
		require.False(t, strings.HasPrefix(ref.Folder, "/"))
	})
}
