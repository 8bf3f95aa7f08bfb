// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/skilld/skilld/pkg/oci"
)

func TestInventoryNoticesBlobsThatVanishAndComeBack(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	a, b := s.tagSample(t, "a", "a", "layer a"), s.tagSample(t, "b", "b", "layer b")
	whole := s.settle(t)
	require.True(t, whole.Has(a.index))
	require.True(t, whole.Has(b.index))
	for _, victim := range a.digests() {
		aside := s.dir + "/aside"
		// Right after a change of our own, within one tick of the kernel's clock.
		s.tagSample(t, "other", string(victim), "another layer")
		last := s.settle(t).Version()
		require.NoError(t, os.Rename(s.blobPath(victim), aside))
		without := s.settle(t)
		assert.False(t, without.Has(a.index), victim)
		assert.True(t, without.Has(b.index))
		assert.NotEqual(t, last, without.Version())
		assert.Equal(t, without.Version(), s.settle(t).Version(), "nothing happened in between")
		require.NoError(t, os.Rename(aside, s.blobPath(victim)))
		again := s.settle(t)
		assert.True(t, again.Has(a.index))
		assert.NotEqual(t, without.Version(), again.Version())
	}
}

func TestInventoryVersionStaysWhenNothingTaggedIsConcerned(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.tagSample(t, "a", "a", "layer a")
	version := s.settle(t).Version()
	s.tagSample(t, "b", "b", "layer b")
	assert.Equal(t, version, s.settle(t).Version(), "new tags are the generation's business")
	plant(t, s.dir+"/blobs/sha256", "README", "")
	assert.Equal(t, version, s.settle(t).Version(), "a file of somebody else is no blob")
	require.NoError(t, s.Untag(t.Context(), "b"))
	assert.Equal(t, version, s.settle(t).Version())
}

func TestInventoryReadsADamagedManifestAgainWhenItIsReplaced(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "a", "a", "layer")
	require.NoError(t, s.Close())
	path := s.blobPath(made.manifests[1].Digest)
	sound, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	s = openStore(t, s.dir)
	require.False(t, s.settle(t).Has(made.index))
	require.NoError(t, os.WriteFile(path, sound, 0o600))
	assert.True(t, s.settle(t).Has(made.index))
	require.NoError(t, s.Untag(t.Context(), "a"))
	assert.Empty(t, s.onDisk(t))
}

func TestInventoryDoesNotKnowWhatIsNotInTheStore(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "a", "a", "layer")
	inventory := s.settle(t)
	assert.False(t, inventory.Has(ocispec.Descriptor{}))
	assert.False(t, inventory.Has(ocispec.Descriptor{Digest: "sha256:../../x"}))
	require.NoError(t, s.Untag(t.Context(), "a"))
	assert.False(t, inventory.Has(made.index))
	require.NoError(t, s.Close())
	assert.False(t, inventory.Has(made.index))
}

func TestWaitingForTheInventoryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		made := s.tagSample(t, "a", "a", "layer")
		require.NoError(t, s.Close())
		gate := make(chan struct{})
		slow, err := oci.OpenFaulty(s.dir, slog.New(slog.DiscardHandler), func(digest.Digest) error { <-gate; return nil })
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var group errgroup.Group
		group.Go(func() error { _, err := slow.Inventory(ctx); return err })
		group.Go(func() error { return slow.Untag(ctx, "a") })
		synctest.Wait()
		cancel()
		require.ErrorIs(t, group.Wait(), context.Canceled)
		assert.Empty(t, slices.Collect(slow.Tagged()), "the tag is gone, though its blobs are not")
		close(gate)
		_, err = slow.Inventory(t.Context())
		require.NoError(t, err)
		assert.NoFileExists(t, s.blobPath(made.layer.Digest))
		require.NoError(t, slow.Close())
	})
}

// Indexes that name each other many times make more ways through them than
// anybody can walk.
func TestDeeplySharedIndexesAreWalkedOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.Lease()
	top := pushSample(t, l, "a", "layer").index
	for i := range 64 {
		text, err := json.Marshal(ocispec.Index{
			Manifests: []ocispec.Descriptor{top, top}, Annotations: map[string]string{"level": strconv.Itoa(i)},
		})
		require.NoError(t, err)
		top, err = commitBlob(l, ocispec.MediaTypeImageIndex, text)
		require.NoError(t, err)
	}
	require.NoError(t, l.Tag(t.Context(), top, "deep"))
	l.Release()
	s = s.reopen(t)
	assert.True(t, s.settle(t).Has(top))
	require.NoError(t, s.Untag(t.Context(), "deep"))
	assert.Empty(t, s.onDisk(t))
}
