// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"
)

func TestConcurrentUseLosesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	const workers, rounds = 8, 25
	s := newStore(t)
	var group errgroup.Group
	for w := range workers {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for range rounds {
				// Few names, so that workers meet: the same tag, the same
				// artifact, the same layer.
				name := fmt.Sprintf("name%d", random.IntN(4))
				layer := fmt.Sprintf("layer%d", random.IntN(3))
				tag := fmt.Sprintf("tag%d", random.IntN(6))
				if err := oneJob(t.Context(), s, random.IntN(4), tag, name, layer); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())

	check := func(s testStore) {
		inventory := s.settle(t)
		needed := make(map[digest.Digest]struct{})
		l := s.lease(t)
		for desc := range s.Tagged() {
			assert.True(t, inventory.Has(desc))
			reached, err := readReached(t.Context(), l, desc.Digest.String())
			require.NoError(t, err)
			for _, d := range reached {
				needed[d] = struct{}{}
			}
		}
		onDisk := s.onDisk(t)
		assert.Len(t, onDisk, len(needed))
		for _, d := range onDisk {
			assert.Contains(t, needed, d)
		}
		assert.Empty(t, s.unfinished(t))
	}
	check(s)
	tags := s.tags()
	s = s.reopen(t)
	assert.Equal(t, tags, s.tags())
	check(s)
}

// oneJob does what a request may do: build, delete, or read.
func oneJob(ctx context.Context, s testStore, job int, tag, name, layer string) error {
	l := s.Lease()
	defer l.Release()
	switch job {
	case 0:
		if err := s.Untag(ctx, tag); err != nil && !errors.Is(err, errdef.ErrNotFound) {
			return err
		}
		return nil
	case 1:
		// Whoever has resolved a tag can read all of it, whatever others do.
		if _, err := readReached(ctx, l, tag); err != nil && !errors.Is(err, errUnknownTag) {
			return fmt.Errorf("reading %s: %w", tag, err)
		}
		return nil
	default:
		made, err := tryPushSample(ctx, l, name, layer)
		if err != nil {
			return err
		}
		if job == 2 {
			return l.Tag(ctx, made.index, tag)
		}
		return nil // a request that fails after it has written
	}
}

var errUnknownTag = errors.New("unknown tag")

// readReached reads everything that a reference reaches, checking each digest, and
// returns the digests.
func readReached(ctx context.Context, l oras.ReadOnlyTarget, reference string) ([]digest.Digest, error) {
	root, err := l.Resolve(ctx, reference)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnknownTag, err)
	}
	var mu sync.Mutex
	reached := []digest.Digest{}
	options := oras.DefaultCopyGraphOptions
	options.FindSuccessors = func(ctx context.Context, fetcher content.Fetcher, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
		mu.Lock()
		reached = append(reached, desc.Digest)
		mu.Unlock()
		return content.Successors(ctx, fetcher, desc)
	}
	err = oras.CopyGraph(ctx, l, memory.New(), root, options)
	return reached, err
}

func TestConcurrentChangesShareOneWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const others = 30
		s := newStore(t)
		gate := make(chan struct{})
		var writes atomic.Int32
		s.FailIndexWrites(func() error {
			if writes.Add(1) == 1 {
				<-gate
			}
			return nil
		})
		l := s.lease(t)
		made := pushSample(t, l, "a", "layer")
		var group errgroup.Group
		group.Go(func() error { return l.Tag(t.Context(), made.index, "first") })
		synctest.Wait()
		for i := range others {
			group.Go(func() error { return l.Tag(t.Context(), made.index, fmt.Sprintf("tag%02d", i)) })
		}
		synctest.Wait()
		assert.Empty(t, s.tags(), "a change is not visible before it is durable")
		close(gate)
		require.NoError(t, group.Wait())
		assert.EqualValues(t, 2, writes.Load())
		assert.Len(t, s.tags(), others+1)
		assert.Len(t, s.indexFile(t).Manifests, others+1)
	})
}

func TestFailedBatchFailsForEachOfItsCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		gate := make(chan struct{})
		var writes atomic.Int32
		s.FailIndexWrites(func() error {
			switch writes.Add(1) {
			case 2:
				<-gate
			case 3:
				return fs.ErrPermission
			}
			return nil
		})
		kept := s.tagSample(t, "kept", "kept", "kept layer")
		l := s.Lease()
		made := pushSample(t, l, "new", "new layer")
		outcomes := make([]error, 10)
		var group sync.WaitGroup
		group.Go(func() { assert.NoError(t, l.Tag(t.Context(), kept.index, "held up")) })
		synctest.Wait()
		group.Go(func() { outcomes[0] = s.Untag(t.Context(), "kept") })
		for i := range outcomes[1:] {
			group.Go(func() { outcomes[i+1] = l.Tag(t.Context(), made.index, fmt.Sprintf("tag%d", i)) })
		}
		synctest.Wait()
		close(gate)
		group.Wait()
		for _, err := range outcomes {
			assert.ErrorIs(t, err, fs.ErrPermission)
		}
		assert.Equal(t, []string{"held up", "kept"}, s.tags())
		l.Release()
		s.settle(t)
		assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
		s.tagSample(t, "after", "after", "after")
		assert.Equal(t, []string{"after", "held up", "kept"}, s.reopen(t).tags())
	})
}

func TestCallerThatLeavesDoesNotEndItsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		gate := make(chan struct{})
		s.FailIndexWrites(func() error { <-gate; return nil })
		l := s.Lease()
		made := pushSample(t, l, "a", "layer")
		ctx, cancel := context.WithCancel(t.Context())
		var group errgroup.Group
		group.Go(func() error { return l.Tag(ctx, made.index, "v1") })
		synctest.Wait()
		cancel()
		require.ErrorIs(t, group.Wait(), context.Canceled)
		l.Release()
		close(gate)
		synctest.Wait()
		assert.Equal(t, []string{"v1"}, s.tags())
		assert.True(t, s.settle(t).Has(made.index), "the tag's blobs outlive the lease")
	})
}
