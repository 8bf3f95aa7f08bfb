// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/pkg/oci"
)

const largeSize = 90 << 20

// TestMemoryDoesNotGrowWithTheSkill looks at all that is ever allocated, which
// is no less than the peak. It runs beside no other test.
func TestMemoryDoesNotGrowWithTheSkill(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "SKILL.md", "---\nname: large\ndescription: A large skill.\n---\n")
	write(t, dir, "large.bin", "")
	require.NoError(t, os.Truncate(filepath.Join(dir, "large.bin"), largeSize))
	root, lease := openRoot(t, dir), scratch(t)

	const most = 16 << 20
	var artifact oci.Artifact
	packing := allocated(func() {
		var err error
		artifact, err = oci.Packager{}.Package(t.Context(), root, lease)
		require.NoError(t, err)
	})
	unpacking := allocated(func() {
		require.NoError(t, oci.Extract(t.Context(), lease, artifact.Layer, drain))
	})
	t.Logf("of %d bytes: %d allocated to pack, %d to unpack", largeSize, packing, unpacking)
	assert.Less(t, packing, uint64(most))
	assert.Less(t, unpacking, uint64(most))
}

func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkPackage(b *testing.B) {
	small := golden.Write(b, b.TempDir(), "release-notes")
	b.Run("small", func(b *testing.B) { benchmarkPackage(b, small, 615) })
	large := b.TempDir()
	write(b, large, "SKILL.md", "---\nname: large\ndescription: A large skill.\n---\n")
	write(b, large, "noise.bin", noise(largeSize))
	b.Run("90MiB", func(b *testing.B) { benchmarkPackage(b, large, largeSize) })
}

func benchmarkPackage(b *testing.B, dir string, size int64) {
	root, lease := openRoot(b, dir), scratch(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		_, err := oci.Packager{}.Package(b.Context(), root, lease)
		require.NoError(b, err)
	}
}

func BenchmarkExtract(b *testing.B) {
	dir := b.TempDir()
	write(b, dir, "SKILL.md", "---\nname: large\ndescription: A large skill.\n---\n")
	write(b, dir, "noise.bin", noise(largeSize))
	lease := scratch(b)
	artifact, err := oci.Packager{}.Package(b.Context(), openRoot(b, dir), lease)
	require.NoError(b, err)
	b.SetBytes(largeSize)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, oci.Extract(b.Context(), lease, artifact.Layer, drain))
	}
}

// noise is what no compressor makes smaller, the same each time.
func noise(size int) string {
	source := rand.NewChaCha8([32]byte{})
	bytes := make([]byte, size)
	_, _ = source.Read(bytes) // never fails
	return string(bytes)
}
