// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/pkg/oci"
)

func TestUntagDeletesWhatNothingElseReaches(t *testing.T) {
	t.Parallel()
	// Each test works once in the run that set the tags, and once after a
	// restart, where what they reach has to be read from disk.
	for name, restart := range map[string]func(*testing.T, testStore) testStore{
		"in one run":      func(_ *testing.T, s testStore) testStore { return s },
		"after a restart": func(t *testing.T, s testStore) testStore { return s.reopen(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("its own blobs", func(t *testing.T) {
				t.Parallel()
				s := newStore(t)
				kept := s.tagSample(t, "kept", "kept", "layer of kept")
				s.tagSample(t, "gone", "gone", "layer of gone")
				s = restart(t, s)
				require.NoError(t, s.Untag(t.Context(), "gone"))
				assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
				assert.Equal(t, []string{"kept"}, s.reopen(t).tags())
			})
			t.Run("a shared layer stays", func(t *testing.T) {
				t.Parallel()
				s := newStore(t)
				kept := s.tagSample(t, "kept", "kept", "shared")
				s.tagSample(t, "gone", "gone", "shared")
				s = restart(t, s)
				require.NoError(t, s.Untag(t.Context(), "gone"))
				assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
				require.NoError(t, s.Untag(t.Context(), "kept"))
				assert.Empty(t, s.onDisk(t))
			})
			t.Run("an artifact under two tags stays", func(t *testing.T) {
				t.Parallel()
				s := newStore(t)
				made := s.tagSample(t, "one", "a", "layer")
				s.tagSample(t, "two", "a", "layer")
				s = restart(t, s)
				require.NoError(t, s.Untag(t.Context(), "one"))
				assert.ElementsMatch(t, made.digests(), s.onDisk(t))
				require.NoError(t, s.Untag(t.Context(), "two"))
				assert.Empty(t, s.onDisk(t))
			})
			t.Run("a manifest that is tagged itself stays", func(t *testing.T) {
				t.Parallel()
				s := newStore(t)
				made := s.tagSample(t, "all", "a", "layer")
				l := s.Lease()
				require.NoError(t, l.Tag(t.Context(), made.manifests[0], "amd64"))
				l.Release()
				s = restart(t, s)
				require.NoError(t, s.Untag(t.Context(), "all"))
				assert.ElementsMatch(t, []digest.Digest{made.manifests[0].Digest, made.configs[0].Digest, made.layer.Digest}, s.onDisk(t))
			})
		})
	}
}

func TestRetagDeletesWhatOnlyTheOldRootReached(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.tagSample(t, "v1", "first", "first layer")
	second := s.tagSample(t, "v1", "second", "second layer")
	s.settle(t)
	assert.ElementsMatch(t, second.digests(), s.onDisk(t))
	got, err := s.lease(t).Resolve(t.Context(), "v1")
	require.NoError(t, err)
	assert.Equal(t, second.index.Digest, got.Digest)
}

func TestLeaseKeepsWhatItHasTouched(t *testing.T) {
	t.Parallel()
	t.Run("by resolving", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		made := s.tagSample(t, "v1", "a", "layer")
		l := s.Lease()
		_, err := l.Resolve(t.Context(), "v1")
		require.NoError(t, err)
		require.NoError(t, s.Untag(t.Context(), "v1"))
		assert.ElementsMatch(t, made.digests(), s.onDisk(t))
		_, err = content.FetchAll(t.Context(), l, made.layer)
		require.NoError(t, err)
		l.Release()
		l.Release()
		assert.Empty(t, s.onDisk(t))
	})
	t.Run("by finding a blob", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		made := s.tagSample(t, "v1", "a", "layer")
		l := s.Lease()
		exists, err := l.Exists(t.Context(), made.layer)
		require.NoError(t, err)
		require.True(t, exists)
		require.NoError(t, s.Untag(t.Context(), "v1"))
		assert.Equal(t, []digest.Digest{made.layer.Digest}, s.onDisk(t))
		l.Release()
		assert.Empty(t, s.onDisk(t))
	})
	t.Run("until it is released without a tag", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.settle(t)
		l := s.Lease()
		made := pushSample(t, l, "a", "layer")
		assert.ElementsMatch(t, made.digests(), s.onDisk(t))
		l.Release()
		assert.Empty(t, s.onDisk(t))
	})
	t.Run("in any order of writing", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.settle(t)
		source := newStore(t)
		made := source.tagSample(t, "v1", "a", "layer")
		l := s.Lease()
		for _, desc := range []ocispec.Descriptor{made.index, made.manifests[1], made.layer, made.configs[0], made.configs[1], made.manifests[0]} {
			text, err := content.FetchAll(t.Context(), source.lease(t), desc)
			require.NoError(t, err)
			require.NoError(t, l.Push(t.Context(), desc, strings.NewReader(string(text))))
		}
		require.NoError(t, l.Tag(t.Context(), made.index, "v1"))
		l.Release()
		assert.True(t, s.settle(t).Has(made.index))
		assert.ElementsMatch(t, made.digests(), s.onDisk(t))
		require.NoError(t, s.Untag(t.Context(), "v1"))
		assert.Empty(t, s.onDisk(t))
	})
	t.Run("and refuses to be used afterwards", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		made := s.tagSample(t, "v1", "a", "layer")
		l := s.Lease()
		l.Release()
		_, err := l.Resolve(t.Context(), "v1")
		require.ErrorContains(t, err, "released")
		_, err = l.Fetch(t.Context(), made.layer)
		require.ErrorContains(t, err, "released")
		require.ErrorContains(t, l.Tag(t.Context(), made.index, "v2"), "released")
		assert.ElementsMatch(t, made.digests(), s.onDisk(t))
	})
}

func TestStartSweepsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "layer")
	require.NoError(t, s.Close())
	blobs := filepath.Join(s.dir, "blobs", "sha256")
	plant(t, blobs, digest.FromString("stray").Encoded(), "stray")
	plant(t, blobs, "README", "not a blob, so not ours to delete")
	plant(t, filepath.Join(s.dir, "ingest"), "1a2b-3", "half a blob")

	s = openStore(t, s.dir)
	l := s.lease(t)
	held, err := commitBlob(l, "text/plain", []byte("written by this run"))
	require.NoError(t, err)
	unfinished, err := l.Create()
	require.NoError(t, err)
	s.settle(t)
	require.NoError(t, unfinished.Close(), "a blob that this run is writing is left alone")
	assert.Empty(t, s.unfinished(t))
	require.NoError(t, os.Remove(filepath.Join(blobs, "README")))
	assert.ElementsMatch(t, append(made.digests(), held.Digest), s.onDisk(t))
}

// As long as it is not known what a damaged artifact refers to, nothing that it
// may refer to is deleted; once it is gone, everything of it is.
func TestDamagedManifestHoldsTheSweepBack(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, path string){
		"gone":    func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"emptied": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"flipped": func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			text[len(text)/2] ^= 1
			require.NoError(t, os.WriteFile(path, text, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			damaged := s.tagSample(t, "damaged", "damaged", "layer of damaged")
			kept := s.tagSample(t, "kept", "kept", "layer of kept")
			s.tagSample(t, "gone", "gone", "layer of gone")
			require.NoError(t, s.Close())
			damage(t, s.blobPath(damaged.manifests[0].Digest))

			s = openStore(t, s.dir)
			s.settle(t)
			assert.Contains(t, s.log.String(), "tag=damaged")
			assert.Subset(t, s.onDisk(t), []digest.Digest{damaged.layer.Digest, damaged.configs[0].Digest})
			require.NoError(t, s.Untag(t.Context(), "gone"))
			assert.Subset(t, s.onDisk(t), []digest.Digest{damaged.layer.Digest, damaged.configs[0].Digest})
			require.NoError(t, s.Untag(t.Context(), "damaged"))
			assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
		})
	}
}

// A manifest that is there and cannot be read at the moment may refer to
// anything: nothing is deleted until it could be read.
func TestUnreadableManifestHoldsAllDeletionBack(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	kept := s.tagSample(t, "kept", "kept", "shared")
	gone := s.tagSample(t, "gone", "gone", "shared")
	last := s.tagSample(t, "last", "last", "layer of last")
	require.NoError(t, s.Close())

	var failing atomic.Bool
	failing.Store(true)
	faulty, err := oci.OpenFaulty(s.dir, slog.New(slog.DiscardHandler), func(d digest.Digest) error {
		if failing.Load() && (d == kept.manifests[0].Digest || d == kept.manifests[1].Digest) {
			return syscall.EIO
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, faulty.Untag(t.Context(), "gone"))
	everything := append(append(kept.digests(), last.digests()...), gone.digests()...)
	assert.Subset(t, everything, s.onDisk(t))
	assert.Subset(t, s.onDisk(t), everything)
	failing.Store(false)
	require.NoError(t, faulty.Untag(t.Context(), "last"))
	assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
	inventory, err := faulty.Inventory(t.Context())
	require.NoError(t, err)
	assert.True(t, inventory.Has(kept.index))
	require.NoError(t, faulty.Close())
}

// An artifact from somebody else must not hide what ours refers to by calling
// our manifest something else.
func TestForeignArtifactCannotMisrepresentOurs(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "zz-ours", "a", "layer")
	for i, claim := range []ocispec.Descriptor{
		{MediaType: ocispec.MediaTypeImageManifest, Digest: made.index.Digest, Size: made.index.Size},
		{MediaType: "application/octet-stream", Digest: made.manifests[0].Digest, Size: 1},
		{MediaType: ocispec.MediaTypeImageIndex, Digest: made.manifests[1].Digest, Size: 1 << 40},
	} {
		text, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []ocispec.Descriptor{claim}})
		require.NoError(t, err)
		l := s.Lease()
		desc, err := commitBlob(l, ocispec.MediaTypeImageIndex, text)
		require.NoError(t, err)
		require.NoError(t, l.Tag(t.Context(), desc, "foreign"+string(rune('0'+i))))
		l.Release()
	}
	s = s.reopen(t)
	assert.True(t, s.settle(t).Has(made.index))
	assert.Subset(t, s.onDisk(t), made.digests())
	for _, tag := range []string{"foreign0", "foreign1", "foreign2"} {
		require.NoError(t, s.Untag(t.Context(), tag))
	}
	assert.ElementsMatch(t, made.digests(), s.onDisk(t))
}

// A manifest may have a subject that is not in the store (image-spec, "subject").
func TestAbsentSubjectIsNoDamage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.Lease()
	made := pushSample(t, l, "a", "layer")
	absent := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, []byte("{}"))
	text, err := json.Marshal(ocispec.Manifest{Config: made.configs[0], Layers: []ocispec.Descriptor{made.layer}, Subject: &absent})
	require.NoError(t, err)
	desc, err := commitBlob(l, ocispec.MediaTypeImageManifest, text)
	require.NoError(t, err)
	require.NoError(t, l.Tag(t.Context(), desc, "v1"))
	l.Release()
	s = s.reopen(t)
	assert.True(t, s.settle(t).Has(desc))
	assert.ElementsMatch(t, []digest.Digest{desc.Digest, made.configs[0].Digest, made.layer.Digest}, s.onDisk(t))
}
