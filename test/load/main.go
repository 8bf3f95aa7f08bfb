// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	sizes := flag.String("builds", "10,1000,10000", "sizes of the stores to measure with")
	connections := flag.Int("connections", 16, "connections of the load")
	duration := flag.Duration("duration", 5*time.Second, "how long each load lasts")
	rounds := flag.Int("rounds", 200, "how often each single request is timed")
	starts := flag.Int("starts", 9, "how often the daemon is started")
	binary := flag.String("binary", "", "the daemon to measure; empty to build it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *binary, *sizes, plan{rounds: *rounds, starts: *starts, connections: *connections, duration: *duration})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// run measures with each size and prints a table.
func run(ctx context.Context, out io.Writer, binary, sizes string, p plan) error {
	dir, err := os.MkdirTemp("", "skilld-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if binary == "" {
		if binary, err = buildBinary(ctx, dir); err != nil {
			return fmt.Errorf("building the daemon: %w", err)
		}
	}
	var all []figures
	for size := range strings.SplitSeq(sizes, ",") {
		builds, err := strconv.Atoi(size)
		if err != nil || builds < 1 {
			return fmt.Errorf("%q is not a number of builds", size)
		}
		f, err := measure(ctx, binary, filepath.Join(dir, size), builds, p)
		if err != nil {
			return fmt.Errorf("with %d builds: %w", builds, err)
		}
		all = append(all, f)
	}
	return report(out, all)
}

// report prints the figures as a table in Markdown, with the ratio to the first
// size beside each time.
func report(out io.Writer, all []figures) error {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 1, ' ', 0)
	row := func(name string, cell func(f figures) string) {
		cells := []string{"| " + name}
		for _, f := range all {
			cells = append(cells, "| "+cell(f))
		}
		_, _ = io.WriteString(w, strings.Join(cells, "\t")+"\t|\n") // to memory
	}
	timed := func(name string, of func(f figures) time.Duration) {
		row(name, func(f figures) string {
			return fmt.Sprintf("%.2f ms (%.1f×)", of(f).Seconds()*1000, float64(of(f))/float64(of(all[0])))
		})
	}
	number := func(name, format string, of func(f figures) float64) {
		row(name, func(f figures) string { return fmt.Sprintf(format, of(f)) })
	}
	row("builds in the store", func(f figures) string { return strconv.Itoa(f.builds) })
	row("---", func(figures) string { return "---" })
	timed("start, to the first answer", func(f figures) time.Duration { return f.start })
	timed("build", func(f figures) time.Duration { return f.build })
	timed("delete a build", func(f figures) time.Duration { return f.remove })
	timed("install by name", func(f figures) time.Duration { return f.install })
	timed("install by name, nothing to write", func(f figures) time.Duration { return f.again })
	timed("list", func(f figures) time.Duration { return f.list })
	timed("list, the first after a change", func(f figures) time.Duration { return f.listAnew })
	number("size of the list", "%.2f MiB", func(f figures) float64 { return f.listSize })
	number("lists a second", "%.0f", func(f figures) float64 { return f.listsASecond })
	timed("content", func(f figures) time.Duration { return f.content })
	number("contents a second", "%.0f", func(f figures) float64 { return f.contentsASecond })
	number("peak memory after the start", "%.0f MiB", func(f figures) float64 { return f.memoryAtStart })
	number("peak memory after the lists", "%.0f MiB", func(f figures) float64 { return f.memoryAfterLists })
	number("peak memory at the end", "%.0f MiB", func(f figures) float64 { return f.memoryAtEnd })
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, table.String())
	return err
}
