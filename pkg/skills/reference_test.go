// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestParseReference(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a", 64)
	tests := map[string]struct {
		registry, repository, tag, digest, name string
		unambiguous                             bool
	}{
		"ghcr.io/org/name:v1":           {"ghcr.io", "org/name", "v1", "", "name", true},
		"ghcr.io/org/name":              {"ghcr.io", "org/name", "latest", "", "name", true},
		"ghcr.io/name":                  {"ghcr.io", "name", "latest", "", "name", true},
		"ghcr.io/org/name@" + digest:    {"ghcr.io", "org/name", "", digest, "name", true},
		"ghcr.io/org/name:v1@" + digest: {"ghcr.io", "org/name", "", digest, "name", true},
		"127.0.0.1:5000/org/name:v1":    {"127.0.0.1:5000", "org/name", "v1", "", "name", true},
		"localhost:5000/name":           {"localhost:5000", "name", "latest", "", "name", true},
		"[::1]:5000/org/name:v1":        {"[::1]:5000", "org/name", "v1", "", "name", true},
		"org/team/name":                 {"docker.io", "org/team/name", "latest", "", "name", true},
		"org/name:v1":                   {"docker.io", "org/name", "v1", "", "name", true},
		"name:v1":                       {"docker.io", "library/name", "v1", "", "name", true},
		"name@" + digest:                {"docker.io", "library/name", "", digest, "name", true},
		"org/name":                      {"docker.io", "org/name", "latest", "", "name", false},
		"name":                          {"docker.io", "library/name", "latest", "", "name", false},
	}
	for ref, want := range tests {
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			got, err := skills.ParseReference(ref)
			require.NoError(t, err)
			assert.Equal(t, want.registry, got.Registry)
			assert.Equal(t, want.repository, got.Repository)
			assert.Equal(t, want.tag, got.Tag)
			assert.Equal(t, want.digest, got.Digest)
			assert.Equal(t, want.name, got.Name())
			assert.Equal(t, want.unambiguous, got.Unambiguous())

			again, err := skills.ParseReference(got.String())
			require.NoError(t, err)
			assert.Equal(t, got.String(), again.String(), "the canonical form is stable")
			assert.True(t, got.SameRepository(again))
		})
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{
		"", "/", "ghcr.io/", "ghcr.io/Org/Name:v1", "ghcr.io/org/name:", "ghcr.io/org/name:-x", "ghcr.io/org/name@sha256:abc",
		"https://ghcr.io/org/name", "ghcr.io/org/na me", "../x", "ghcr.io//name", "a:b:c", "ghcr.io/org/name:" + strings.Repeat("x", 129),
	} {
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			_, err := skills.ParseReference(ref)
			require.ErrorContains(t, err, "is not an OCI reference such as")
			assert.Equal(t, skills.Invalid, skills.KindOf(err))
		})
	}
}

func TestValidateTag(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"v1", "my-skill", "_x", "1.0.0", strings.Repeat("x", 128), "ghcr.io/org/name:v1", "ghcr.io/org/name", "org/name:v1"} {
		assert.NoError(t, skills.ValidateTag(tag), tag)
	}
	for _, tag := range []string{
		"", "-v1", ".v1", "a b", "v1+build", "a\x00", strings.Repeat("x", 129), "ghcr.io/org/name:", "ghcr.io/Org/name:v1",
		"ghcr.io/org/name@sha256:" + strings.Repeat("a", 64), "../../etc", "/abs",
	} {
		assert.Equal(t, skills.Invalid, skills.KindOf(skills.ValidateTag(tag)), "%q", tag)
	}
}

func FuzzParseReference(f *testing.F) {
	for _, seed := range []string{"ghcr.io/org/name:v1", "name", "org/name", "127.0.0.1:5000/x@sha256:" + strings.Repeat("0", 64), "[::1]:5000/a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := skills.ParseReference(s)
		if err != nil {
			require.Equal(t, skills.Invalid, skills.KindOf(err))
			return
		}
		again, err := skills.ParseReference(ref.String())
		require.NoError(t, err, "the canonical form %q parses", ref)
		require.Equal(t, ref.String(), again.String())
		require.NotEmpty(t, ref.Name())
	})
}
