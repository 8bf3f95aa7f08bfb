// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersionOfARelease(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "skilld")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "-ldflags",
		"-X main.version=1.2.3 -X main.commit=c0ffee -X main.commitTime=2026-01-01T01:00:00+02:00 -X main.dirty=false", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)

	plain, err := exec.Command(binary, "version").Output()
	require.NoError(t, err)
	assert.Equal(t, "skilld 1.2.3\n", string(plain))

	printed, err := exec.Command(binary, "version", "--json").Output()
	require.NoError(t, err)
	var got build
	require.NoError(t, json.Unmarshal(printed, &got))
	at, clean := time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), false
	assert.Equal(t, build{
		Version: "1.2.3", Commit: "c0ffee", CommitTime: &at, Dirty: &clean,
		GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}, got)
}

func TestVersionWhereNobodyKnowsTheCommit(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	assert.Regexp(t, `^skilld \S+\n$`, m.run(t, "version"))
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(m.run(t, "version", "--json")), &fields))
	// The binary of a test has no commit noted in it.
	assert.NotContains(t, fields, "commit")
	assert.NotContains(t, fields, "commit_time")
	assert.NotContains(t, fields, "dirty")
	assert.Equal(t, runtime.Version(), fields["go_version"])
}
