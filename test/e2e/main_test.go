// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// binary is the daemon under test.
var binary string

var (
	killRounds = flag.Int("kill-rounds", 0, "rounds of the crash tests; 0 for a few")
	slow       = flag.Bool("slow", false, "run the tests that wait for minutes, too")
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of these tests wait for something: more of them than cores may run.
	if err := flag.Set("test.parallel", strconv.Itoa(8*runtime.NumCPU())); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "skilld-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "skilld")
	build := exec.Command("go", append([]string{"build", "-o", binary}, append(raceFlags, "github.com/skilld/skilld/cmd/skilld")...)...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building skilld:", err)
		return 1
	}
	code := m.Run()
	if secrets.report(os.Stderr) {
		return 1
	}
	return code
}
