// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRun sees to it that the program works; what it measures here means little.
func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := plan{rounds: 3, starts: 1, connections: 4, duration: 50 * time.Millisecond}
	require.NoError(t, run(t.Context(), &out, "", "5,20", p))
	for _, text := range []string{"| builds in the store", "| 20 ", "| lists a second", "| contents a second", "| peak memory at the end"} {
		assert.Contains(t, out.String(), text)
	}
	require.ErrorContains(t, run(t.Context(), &out, "skilld", "many", p), `"many" is not a number of builds`)
}

// BenchmarkHTTP measures requests to a real daemon, one after the other, with
// stores of several sizes.
func BenchmarkHTTP(b *testing.B) {
	binary, err := buildBinary(b.Context(), b.TempDir())
	require.NoError(b, err)
	for _, size := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("builds=%d", size), func(b *testing.B) {
			d, err := openBench(b.Context(), binary, b.TempDir(), size, plan{})
			require.NoError(b, err)
			ctx := b.Context() // the daemon outlives the benchmark that starts it
			b.Run("Start", func(b *testing.B) { benchmarkStart(ctx, b, d, binary) })
			b.Run("List", func(b *testing.B) { benchmarkGet(b, d, buildsPath) })
			b.Run("Content", func(b *testing.B) { benchmarkGet(b, d, contentPath+skillName(1)) })
			b.Run("Build", func(b *testing.B) { benchmarkBuild(b, d) })
			b.Run("Delete", func(b *testing.B) { benchmarkDelete(b, d) })
			b.Run("Install", func(b *testing.B) { benchmarkInstall(b, d) })
			b.Run("InstallAgain", func(b *testing.B) { benchmarkInstallAgain(b, d) })
			require.NoError(b, d.stop())
		})
	}
}

func benchmarkStart(ctx context.Context, b *testing.B, d *bench, binary string) {
	var total time.Duration
	for b.Loop() {
		require.NoError(b, d.stop())
		require.NoError(b, d.start(ctx, binary))
		total += d.started
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns/start")
	b.ReportMetric(d.peakMemory(), "MiB-peak")
}

func benchmarkGet(b *testing.B, d *bench, path string) {
	for b.Loop() {
		_, err := d.do(b.Context(), http.MethodGet, path, nil)
		require.NoError(b, err)
	}
	b.ReportMetric(d.peakMemory(), "MiB-peak")
}

// benchmarkBuild builds new skills and deletes them unmeasured, so that the
// store keeps its size.
func benchmarkBuild(b *testing.B, d *bench) {
	for b.Loop() {
		b.StopTimer()
		folder, err := d.newFolder()
		require.NoError(b, err)
		b.StartTimer()
		require.NoError(b, d.buildFolder(b.Context(), folder))
		b.StopTimer()
		require.NoError(b, d.removeBuild(b.Context(), filepath.Base(folder)))
		b.StartTimer()
	}
}

func benchmarkDelete(b *testing.B, d *bench) {
	for b.Loop() {
		b.StopTimer()
		folder, err := d.newFolder()
		require.NoError(b, err)
		require.NoError(b, d.buildFolder(b.Context(), folder))
		b.StartTimer()
		require.NoError(b, d.removeBuild(b.Context(), filepath.Base(folder)))
	}
}

// benchmarkInstall writes a skill anew each time.
func benchmarkInstall(b *testing.B, d *bench) {
	name := skillName(d.builds / 2)
	for b.Loop() {
		require.NoError(b, d.installSkill(b.Context(), name))
		b.StopTimer()
		require.NoError(b, d.uninstallSkill(b.Context(), name))
		b.StartTimer()
	}
}

// benchmarkInstallAgain finds that there is nothing to be written.
func benchmarkInstallAgain(b *testing.B, d *bench) {
	name := skillName(d.builds / 2)
	require.NoError(b, d.installSkill(b.Context(), name))
	for b.Loop() {
		require.NoError(b, d.installSkill(b.Context(), name))
	}
	require.NoError(b, d.uninstallSkill(b.Context(), name))
}
