// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestGitReferenceOfAnEntry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pkg  catalog.Package
		want string // empty for an Unprocessable error
	}{
		{"url alone", catalog.Package{URL: "https://github.com/org/repo"}, "git://github.com/org/repo"},
		{"suffix and slash", catalog.Package{URL: "https://github.com/org/repo.git/"}, "git://github.com/org/repo"},
		{"suffix", catalog.Package{URL: "https://github.com/org/repo.git"}, "git://github.com/org/repo"},
		{"trailing slash", catalog.Package{URL: "https://github.com/org/repo/"}, "git://github.com/org/repo"},
		{"git scheme, port, nested groups", catalog.Package{URL: "git://127.0.0.1:8080/group/sub/repo"}, "git://127.0.0.1:8080/group/sub/repo"},
		{"ref", catalog.Package{URL: "http://h/o/r", Ref: "release/v1.2"}, "git://h/o/r@release/v1.2"},
		{"monorepo tag", catalog.Package{URL: "https://h/o/r", Ref: "notes@1.2.0"}, "git://h/o/r@notes@1.2.0"},
		{"the commit is preferred", catalog.Package{URL: "https://h/o/r", Ref: "v1", Commit: "0123456789ABCDEF0123456789abcdef01234567"}, "git://h/o/r@" + commit},
		{"subfolder", catalog.Package{URL: "https://h/o/r", Subfolder: "./skills/notes/"}, "git://h/o/r#skills/notes"},
		{"subfolder with a space", catalog.Package{URL: "https://h/o/r", Subfolder: "my skills/notes"}, "git://h/o/r#my skills/notes"},
		{"the repository itself", catalog.Package{URL: "https://h/o/r", Subfolder: "."}, "git://h/o/r"},
		{"all", catalog.Package{URL: "https://h/o/r", Commit: commit, Subfolder: "a/b"}, "git://h/o/r@" + commit + "#a/b"},

		{"no url", catalog.Package{Ref: "v1"}, ""},
		{"no owner", catalog.Package{URL: "https://github.com/repo"}, ""},
		{"no host", catalog.Package{URL: "https:///org/repo"}, ""},
		{"ssh", catalog.Package{URL: "ssh://git@github.com/org/repo"}, ""},
		{"scp form", catalog.Package{URL: "git@github.com:org/repo.git"}, ""},
		{"file", catalog.Package{URL: "file:///etc/org/repo"}, ""},
		{"password", catalog.Package{URL: "https://me:secret@github.com/org/repo"}, ""},
		{"query", catalog.Package{URL: "https://github.com/org/repo?x=y"}, ""},
		{"dots in the url", catalog.Package{URL: "https://github.com/org/../repo"}, ""},
		{"encoded fragment", catalog.Package{URL: "https://github.com/org/repo%23x"}, ""},
		{"ref hidden in the url", catalog.Package{URL: "https://github.com/org/repo@evil", Commit: commit}, ""},
		{"short commit", catalog.Package{URL: "https://h/o/r", Commit: "0123456", Ref: "v1"}, ""},
		{"commit that is none", catalog.Package{URL: "https://h/o/r", Commit: "main"}, ""},
		{"option as ref", catalog.Package{URL: "https://h/o/r", Ref: "--upload-pack=x"}, ""},
		{"shell in ref", catalog.Package{URL: "https://h/o/r", Ref: "$(id)"}, ""},
		{"dots in ref", catalog.Package{URL: "https://h/o/r", Ref: "a..b"}, ""},
		{"fragment in ref", catalog.Package{URL: "https://h/o/r", Ref: "v1#x"}, ""},
		{"NUL in ref", catalog.Package{URL: "https://h/o/r", Ref: "v1\x00"}, ""},
		{"absolute subfolder", catalog.Package{URL: "https://h/o/r", Subfolder: "/etc"}, ""},
		{"dots in subfolder", catalog.Package{URL: "https://h/o/r", Subfolder: "a/../../b"}, ""},
		{"backslash in subfolder", catalog.Package{URL: "https://h/o/r", Subfolder: `a\b`}, ""},
		{"empty segment in subfolder", catalog.Package{URL: "https://h/o/r", Subfolder: "a//b"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.pkg.RegistryType = "Git"
			e := catalog.Entry{Namespace: "io.example", Name: "notes", Packages: []catalog.Package{{RegistryType: "npm"}, tt.pkg}}
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
	oci := func(identifiers ...string) catalog.Entry {
		e := catalog.Entry{Name: "notes", Packages: []catalog.Package{{RegistryType: "git", URL: "https://h/o/r"}}}
		for _, id := range identifiers {
			e.Packages = append(e.Packages, catalog.Package{RegistryType: "OCI", Identifier: id})
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
	e := catalog.Entry{Packages: []catalog.Package{
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
