// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestGitReferenceOfAnEntry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pkg  skills.CatalogPackage
		want string // empty for an Unprocessable error
	}{
		{"url alone", skills.CatalogPackage{URL: "https://github.com/org/repo"}, "git://github.com/org/repo"},
		{"suffix and slash", skills.CatalogPackage{URL: "https://github.com/org/repo.git/"}, "git://github.com/org/repo"},
		{"suffix", skills.CatalogPackage{URL: "https://github.com/org/repo.git"}, "git://github.com/org/repo"},
		{"trailing slash", skills.CatalogPackage{URL: "https://github.com/org/repo/"}, "git://github.com/org/repo"},
		{"git scheme, port, nested groups", skills.CatalogPackage{URL: "git://127.0.0.1:8080/group/sub/repo"}, "git://127.0.0.1:8080/group/sub/repo"},
		{"ref", skills.CatalogPackage{URL: "http://h/o/r", Ref: "release/v1.2"}, "git://h/o/r@release/v1.2"},
		{"monorepo tag", skills.CatalogPackage{URL: "https://h/o/r", Ref: "notes@1.2.0"}, "git://h/o/r@notes@1.2.0"},
		{"the commit is preferred", skills.CatalogPackage{URL: "https://h/o/r", Ref: "v1", Commit: "0123456789ABCDEF0123456789abcdef01234567"}, "git://h/o/r@" + commit},
		{"subfolder", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "./skills/notes/"}, "git://h/o/r#skills/notes"},
		{"subfolder with a space", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "my skills/notes"}, "git://h/o/r#my skills/notes"},
		{"the repository itself", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "."}, "git://h/o/r"},
		{"all", skills.CatalogPackage{URL: "https://h/o/r", Commit: commit, Subfolder: "a/b"}, "git://h/o/r@" + commit + "#a/b"},

		{"no url", skills.CatalogPackage{Ref: "v1"}, ""},
		{"no owner", skills.CatalogPackage{URL: "https://github.com/repo"}, ""},
		{"no host", skills.CatalogPackage{URL: "https:///org/repo"}, ""},
		{"ssh", skills.CatalogPackage{URL: "ssh://git@github.com/org/repo"}, ""},
		{"scp form", skills.CatalogPackage{URL: "git@github.com:org/repo.git"}, ""},
		{"file", skills.CatalogPackage{URL: "file:///etc/org/repo"}, ""},
		{"password", skills.CatalogPackage{URL: "https://me:secret@github.com/org/repo"}, ""},
		{"query", skills.CatalogPackage{URL: "https://github.com/org/repo?x=y"}, ""},
		{"dots in the url", skills.CatalogPackage{URL: "https://github.com/org/../repo"}, ""},
		{"encoded fragment", skills.CatalogPackage{URL: "https://github.com/org/repo%23x"}, ""},
		{"ref hidden in the url", skills.CatalogPackage{URL: "https://github.com/org/repo@evil", Commit: commit}, ""},
		{"short commit", skills.CatalogPackage{URL: "https://h/o/r", Commit: "0123456", Ref: "v1"}, ""},
		{"commit that is none", skills.CatalogPackage{URL: "https://h/o/r", Commit: "main"}, ""},
		{"option as ref", skills.CatalogPackage{URL: "https://h/o/r", Ref: "--upload-pack=x"}, ""},
		{"shell in ref", skills.CatalogPackage{URL: "https://h/o/r", Ref: "$(id)"}, ""},
		{"dots in ref", skills.CatalogPackage{URL: "https://h/o/r", Ref: "a..b"}, ""},
		{"fragment in ref", skills.CatalogPackage{URL: "https://h/o/r", Ref: "v1#x"}, ""},
		{"NUL in ref", skills.CatalogPackage{URL: "https://h/o/r", Ref: "v1\x00"}, ""},
		{"absolute subfolder", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "/etc"}, ""},
		{"dots in subfolder", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "a/../../b"}, ""},
		{"backslash in subfolder", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: `a\b`}, ""},
		{"empty segment in subfolder", skills.CatalogPackage{URL: "https://h/o/r", Subfolder: "a//b"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.pkg.RegistryType = "Git"
			e := skills.CatalogEntry{Namespace: "io.example", Name: "notes", Packages: []skills.CatalogPackage{{RegistryType: "npm"}, tt.pkg}}
			ref, ok, err := e.Git()
			if tt.want == "" {
				assert.False(t, ok)
				require.Equal(t, skills.Unprocessable, skills.KindOf(err), "%v %v", ref, err)
				assert.ErrorContains(t, err, "io.example/notes")
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, tt.want, ref)
		})
	}
}

func TestOCIReferenceOfAnEntry(t *testing.T) {
	t.Parallel()
	oci := func(identifiers ...string) skills.CatalogEntry {
		e := skills.CatalogEntry{Name: "notes", Packages: []skills.CatalogPackage{{RegistryType: "git", URL: "https://h/o/r"}}}
		for _, id := range identifiers {
			e.Packages = append(e.Packages, skills.CatalogPackage{RegistryType: "OCI", Identifier: id})
		}
		return e
	}
	ref, ok, err := oci("ghcr.io/org/notes:v1", "ghcr.io/org/other:v1").OCI()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "ghcr.io/org/notes:v1", ref)

	ref, ok, err = oci("", "ghcr.io/Org/notes:v1", "ghcr.io/org/notes:v2").OCI()
	require.NoError(t, err, "a usable package stands in for malformed ones")
	assert.True(t, ok)
	assert.Equal(t, "ghcr.io/org/notes:v2", ref)

	_, ok, err = oci("not a reference").OCI()
	assert.False(t, ok)
	assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)

	_, ok, err = oci().OCI()
	require.NoError(t, err)
	assert.False(t, ok)
}

func TestHasRepositoryIgnoresTagAndDigest(t *testing.T) {
	t.Parallel()
	e := skills.CatalogEntry{Packages: []skills.CatalogPackage{
		{RegistryType: "oci", Identifier: "::"},
		{RegistryType: "oci", Identifier: "ghcr.io/org/notes:v1"},
		{RegistryType: "git", Identifier: "ghcr.io/org/git-only"},
	}}
	for ref, want := range map[string]bool{
		"ghcr.io/org/notes:v9": true,
		"ghcr.io/org/notes":    true,
		"ghcr.io/org/notes@" + "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": true,
		"quay.io/org/notes:v1":    false,
		"ghcr.io/other/notes:v1":  false,
		"ghcr.io/org/git-only:v1": false,
	} {
		parsed, err := skills.ParseReference(ref)
		require.NoError(t, err)
		assert.Equal(t, want, e.HasRepository(parsed), ref)
	}
}
