// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/skilld/skilld/pkg/oci"
)

// filled opens a store with that many artifacts, each with six blobs of its
// own and a tag with annotations such as a build sets. It takes a while.
func filled(b *testing.B, size int) testStore {
	b.Helper()
	s := newStore(b)
	var group errgroup.Group
	group.SetLimit(32)
	for i := range size {
		group.Go(func() error {
			l := s.Lease()
			defer l.Release()
			name := fmt.Sprintf("skill-%05d", i)
			made, err := tryPushSample(b.Context(), l, name, name)
			if err != nil {
				return err
			}
			return l.Tag(b.Context(), described(made.index, name), name)
		})
	}
	require.NoError(b, group.Wait())
	return s
}

// described gives a descriptor the annotations of a local build.
func described(desc ocispec.Descriptor, name string) ocispec.Descriptor {
	desc.Annotations = map[string]string{
		marker: "true", "dev.toolhive.skills.name": name, "dev.toolhive.skills.version": "1.0.0",
		"dev.toolhive.skills.description": strings.Repeat("What the skill is for. ", 8),
	}
	return desc
}

// BenchmarkStore measures what requests and starts cost in stores of several
// sizes.
func BenchmarkStore(b *testing.B) {
	for _, size := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("tags=%d", size), func(b *testing.B) {
			s := filled(b, size)
			s.settle(b)
			b.Run("Tag", func(b *testing.B) { benchmarkTag(b, s) })
			b.Run("Build", func(b *testing.B) { benchmarkBuild(b, s) })
			b.Run("Inventory", func(b *testing.B) { benchmarkInventory(b, s) })
			require.NoError(b, s.Close())
			b.Run("Open", func(b *testing.B) { benchmarkOpen(b, s.dir) })
			b.Run("Load", func(b *testing.B) { benchmarkLoad(b, s.dir) })
		})
	}
}

// benchmarkTag moves a tag to and fro.
func benchmarkTag(b *testing.B, s testStore) {
	l := s.Lease()
	defer l.Release()
	var roots [2]ocispec.Descriptor
	for i, name := range []string{"x", "y"} {
		roots[i] = described(pushSample(b, l, name, name).index, name)
	}
	for i := 0; b.Loop(); i++ {
		require.NoError(b, l.Tag(b.Context(), roots[i%2], "skill-x"))
	}
}

// benchmarkBuild writes the blobs of an artifact and tags it, in place of the
// one before.
func benchmarkBuild(b *testing.B, s testStore) {
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("build-%d", i)
		l := s.Lease()
		made := pushSample(b, l, name, name)
		require.NoError(b, l.Tag(b.Context(), described(made.index, name), "skill-x"))
		l.Release()
	}
}

// benchmarkInventory asks after every tag.
func benchmarkInventory(b *testing.B, s testStore) {
	for b.Loop() {
		inventory := s.settle(b)
		for desc := range s.Tagged() {
			if !inventory.Has(desc) {
				b.Fatal("not whole:", desc.Digest)
			}
		}
	}
}

func benchmarkOpen(b *testing.B, dir string) {
	for b.Loop() {
		s, err := oci.Open(dir, slog.New(slog.DiscardHandler))
		require.NoError(b, err)
		b.StopTimer()
		require.NoError(b, s.Close())
		b.StartTimer()
	}
}

// benchmarkLoad is Open and all that goes on in the background after it.
func benchmarkLoad(b *testing.B, dir string) {
	for b.Loop() {
		s, err := oci.Open(dir, slog.New(slog.DiscardHandler))
		require.NoError(b, err)
		_, err = s.Inventory(b.Context())
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
}
