// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHealthcheckFindsTheDaemonOfTheFile runs a daemon of which nothing but its
// configuration file says where it listens.
func TestHealthcheckFindsTheDaemonOfTheFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	// The paths of sockets are short.
	folder, err := os.MkdirTemp("", "skilld")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte("socket: s\ndata-dir: data\nlog-format: json\n"), 0o600))
	assert.Contains(t, m.fail(t, "healthcheck", "--config", path), filepath.Join(folder, "s"), "nobody listens")

	daemon := m.command("serve", "--config", path)
	log, err := daemon.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, daemon.Start())
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	line := make([]byte, 1<<16)
	n, err := log.Read(line)
	require.NoError(t, err)
	assert.Equal(t, "{", string(line[:n])[:1], "the log is JSON")
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		assert.NoError(t, m.command("healthcheck", "--config", path).Run())
	}, time.Minute, 50*time.Millisecond)
	assert.Contains(t, m.fail(t, "store", "verify", "--config", path), "is in use by another skilld")
}
