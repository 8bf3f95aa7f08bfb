// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

func TestGoldenDigests(t *testing.T) {
	t.Parallel()
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			root := openRoot(t, golden.Write(t, t.TempDir(), c.Folder))
			epoch, err := oci.EpochFromEnv(func(string) string { return c.SourceDateEpoch })
			require.NoError(t, err)
			lease := scratch(t)
			for range 2 {
				artifact, err := oci.Packager{Epoch: epoch}.Package(t.Context(), root, lease)
				require.NoError(t, err)
				assert.Equal(t, c.Layer, artifact.Layer.Digest.String(), "layer")
				assert.Equal(t, c.Config, artifact.Config.Digest.String(), "config linux/amd64")
				assert.Equal(t, c.Manifest, artifact.Manifest.Digest.String(), "manifest linux/amd64")
				assert.Equal(t, c.Index, artifact.Descriptor.Digest.String(), "index")
			}
		})
	}
}

func TestPackagedArtifactReadsBackTheSame(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"release-notes", "tool-list", "minimal", "wide-names"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			lease := scratch(t)
			root := openRoot(t, golden.Write(t, t.TempDir(), folder))
			packed, err := oci.Packager{}.Package(t.Context(), root, lease)
			require.NoError(t, err)
			read, err := oci.ReadArtifact(t.Context(), lease, packed.Descriptor)
			require.NoError(t, err)
			packed.Manifest.Platform = &ocispec.Platform{OS: "linux", Architecture: "amd64"}
			assert.Equal(t, packed, read)
		})
	}
}

func TestPackageSaysWhatTheSkillNeeds(t *testing.T) {
	t.Parallel()
	lease := scratch(t)
	root := openRoot(t, golden.Write(t, t.TempDir(), "release-notes"))
	artifact, err := oci.Packager{}.Package(t.Context(), root, lease)
	require.NoError(t, err)
	assert.Equal(t, "release-notes", artifact.Name)
	assert.Equal(t, "2.1.0-rc.1", artifact.Version)
	assert.Equal(t, []string{"Bash(git:*)", "Read", "Grep"}, artifact.AllowedTools)
	assert.Equal(t, []string{"SKILL.md", "references/STYLE.md", "scripts/collect.sh"}, artifact.Files)
	assert.Len(t, artifact.Requires, 2)

	var index ocispec.Index
	encoded, err := content.FetchAll(t.Context(), lease, artifact.Descriptor)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, &index))
	assert.Contains(t, index.Annotations[oci.KeyRequires], "ghcr.io/example/skills/changelog:1.0.0")
}

func TestPlatformsOfOnesOwn(t *testing.T) {
	t.Parallel()
	lease := scratch(t)
	packager := oci.Packager{Platforms: []ocispec.Platform{{OS: "linux", Architecture: "arm", Variant: "v7"}}}
	artifact, err := packager.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), "minimal")), lease)
	require.NoError(t, err)
	read, err := oci.ReadArtifact(t.Context(), lease, artifact.Descriptor)
	require.NoError(t, err)
	assert.Equal(t, "v7", read.Manifest.Platform.Variant)
}

func TestPackageRefuses(t *testing.T) {
	t.Parallel()
	const skill = "---\nname: a-skill\ndescription: Does things.\n---\n"
	cases := map[string]struct {
		make func(t *testing.T, dir string)
		kind skills.Kind
		says string
	}{
		"no SKILL.md": {
			make: func(t *testing.T, dir string) { write(t, dir, "README.md", "hello") },
			kind: skills.Invalid, says: "SKILL.md",
		},
		"no name": {
			make: func(t *testing.T, dir string) { write(t, dir, "SKILL.md", "---\ndescription: x\n---\n") },
			kind: skills.Invalid, says: "name",
		},
		"a name that cannot be": {
			make: func(t *testing.T, dir string) { write(t, dir, "SKILL.md", "---\nname: A Skill\n---\n") },
			kind: skills.Invalid, says: "A Skill",
		},
		"a symbolic link": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", skill)
				require.NoError(t, os.Symlink("SKILL.md", filepath.Join(dir, "linked.md")))
			},
			kind: skills.Invalid, says: "linked.md",
		},
		"a linked folder": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", skill)
				require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "elsewhere")))
			},
			kind: skills.Invalid, says: "elsewhere",
		},
		"frontmatter over 64 KiB": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", "---\nname: a-skill\ndescription: "+strings.Repeat("x", 64<<10)+"\n---\n")
			},
			kind: skills.Unprocessable, says: "64",
		},
		"a backslash in a path": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", skill)
				write(t, dir, `a\b.md`, "")
			},
			kind: skills.Invalid, says: "backslash",
		},
		"a path that is not UTF-8": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", skill)
				if err := os.WriteFile(filepath.Join(dir, "a\xff.md"), nil, 0o600); err != nil {
					t.Skip("this disk takes only UTF-8 names")
				}
			},
			kind: skills.Invalid, says: "UTF-8",
		},
		"a SKILL.md that nobody could unpack": {
			make: func(t *testing.T, dir string) {
				write(t, dir, "SKILL.md", skill)
				require.NoError(t, os.Truncate(filepath.Join(dir, "SKILL.md"), oci.MaxFileSize+1))
			},
			kind: skills.Unprocessable, says: "SKILL.md",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.make(t, dir)
			_, err := oci.Packager{}.Package(t.Context(), openRoot(t, dir), scratch(t))
			require.Error(t, err)
			assert.Equal(t, c.kind, skills.KindOf(err), "%v", err)
			assert.Contains(t, err.Error(), c.says)
			assert.NotContains(t, err.Error(), dir, "where we are is nobody's business")
		})
	}
}

func TestPackageEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := oci.Packager{}.Package(ctx, openRoot(t, golden.Write(t, t.TempDir(), "minimal")), scratch(t))
	require.ErrorIs(t, err, context.Canceled)
}

// meddler does something to the folder once the layer has begun.
type meddler struct {
	*oci.Lease
	meddle func()
}

func (m meddler) Create() (*oci.BlobWriter, error) {
	m.meddle()
	return m.Lease.Create()
}

func TestPackageNoticesWhatChangesUnderIt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		meddle func(t *testing.T, path string)
		file   string
		says   string
	}{
		"a symbolic link swapped in": {
			meddle: func(t *testing.T, path string) {
				require.NoError(t, os.Remove(path))
				require.NoError(t, os.Symlink("SKILL.md", path))
			},
			file: "notes.md", says: "changed",
		},
		"a file taken away": {
			meddle: func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
			file:   "notes.md", says: "cannot be read",
		},
		"SKILL.md written again": {
			meddle: func(t *testing.T, path string) {
				require.NoError(t, os.WriteFile(path, []byte("---\nname: other\n---\n"), 0o600))
			},
			file: "SKILL.md", says: "changed",
		},
		"a file grown beyond the limit": {
			meddle: func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, skills.MaxTotalSize+1)) },
			file:   "notes.md", says: "95 MiB",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "SKILL.md", "---\nname: a-skill\ndescription: Does things.\n---\n")
			write(t, dir, "notes.md", "notes")
			dst := meddler{Lease: scratch(t), meddle: func() { c.meddle(t, filepath.Join(dir, c.file)) }}
			_, err := oci.Packager{}.Package(t.Context(), openRoot(t, dir), dst)
			require.ErrorContains(t, err, c.file)
			assert.Contains(t, err.Error(), c.says)
			assert.NotEqual(t, skills.Internal, skills.KindOf(err))
		})
	}
}

func TestEpochFromEnv(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{"": 0, "0": 0, "1700000000": 1700000000} {
		epoch, err := oci.EpochFromEnv(func(string) string { return value })
		require.NoError(t, err)
		assert.Equal(t, want, epoch.Unix())
		assert.Equal(t, time.UTC, epoch.Location())
	}
	for _, value := range []string{"-1", "1.5", "yesterday", "253402300800", "99999999999999999999", " 1"} {
		_, err := oci.EpochFromEnv(func(string) string { return value })
		assert.True(t, skills.IsKind(err, skills.Invalid), "%q: %v", value, err)
		assert.ErrorContains(t, err, "SOURCE_DATE_EPOCH")
	}
}

// scratch returns a lease on a store of the test's own.
func scratch(t testing.TB) *oci.Lease {
	t.Helper()
	store, err := oci.Open(filepath.Join(t.TempDir(), "store"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	lease := store.Lease()
	t.Cleanup(func() {
		lease.Release()
		assert.NoError(t, store.Close())
	})
	return lease
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, root.Close()) })
	return root
}

func write(t testing.TB, dir, path, text string) {
	t.Helper()
	full := filepath.Join(dir, filepath.FromSlash(path))
	require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o750))
	require.NoError(t, os.WriteFile(full, []byte(text), 0o600))
}
