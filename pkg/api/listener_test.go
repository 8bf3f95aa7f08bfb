// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api"
)

// socketDir is a folder whose path is short enough for a socket on every system.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func listen(t *testing.T, socket string) net.Listener {
	t.Helper()
	listener, err := api.Listen(t.Context(), api.ListenConfig{Socket: socket})
	require.NoError(t, err)
	return listener
}

func TestListenTakesAFreePort(t *testing.T) {
	t.Parallel()
	first, err := api.Listen(t.Context(), api.ListenConfig{Host: "127.0.0.1"})
	require.NoError(t, err)
	defer func() { _ = first.Close() }()
	port := first.Addr().(*net.TCPAddr).Port
	assert.NotZero(t, port)
	_, err = api.Listen(t.Context(), api.ListenConfig{Host: "127.0.0.1", Port: port})
	require.Error(t, err)
	for _, port := range []int{-1, 65536} {
		_, err = api.Listen(t.Context(), api.ListenConfig{Host: "127.0.0.1", Port: port})
		require.ErrorContains(t, err, "between 0 and 65535")
	}
}

func TestSocketServes(t *testing.T) {
	t.Parallel()
	dir := socketDir(t)
	socket := filepath.Join(dir, "skilld.sock")
	listener := listen(t, socket)
	info, err := os.Lstat(socket)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSocket|0o600, info.Mode())
	assert.Equal(t, socket, listener.Addr().String())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing but the socket is left")

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- api.Serve(ctx, listener, newHandler(t, api.Config{OverSocket: true}), new(lines).logger())
	}()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://skilld/health", nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusNoContent, response.StatusCode)

	stop()
	require.NoError(t, <-done)
	assert.NoFileExists(t, socket)
}

func TestStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(socketDir(t), "x")
	stale, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, stale.Close())
	require.FileExists(t, socket)

	require.NoError(t, listen(t, socket).Close())
	assert.NoFileExists(t, socket)
}

func TestLiveSocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(socketDir(t), "x")
	live := listen(t, socket)
	_, err := api.Listen(t.Context(), api.ListenConfig{Socket: socket})
	require.ErrorContains(t, err, "in use")
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", socket)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, live.Close())
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := socketDir(t)
	file, folder, link := filepath.Join(dir, "f"), filepath.Join(dir, "d"), filepath.Join(dir, "l")
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, os.Symlink(file, link))
	for _, path := range []string{file, folder, link} {
		_, err := api.Listen(t.Context(), api.ListenConfig{Socket: path})
		require.ErrorContains(t, err, "not a socket")
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(text))
	_, err = api.Listen(t.Context(), api.ListenConfig{Socket: filepath.Join(dir, "missing", "x")})
	require.Error(t, err)
	_, err = api.Listen(t.Context(), api.ListenConfig{Socket: filepath.Join(dir, strings.Repeat("x", 200))})
	require.ErrorContains(t, err, "this system allows")
}

func TestSocketOfASuccessorIsNotRemoved(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(socketDir(t), "x")
	first := listen(t, socket)
	require.NoError(t, os.Remove(socket))
	second := listen(t, socket)
	require.NoError(t, first.Close())
	assert.FileExists(t, socket)
	require.NoError(t, second.Close())
	assert.NoFileExists(t, socket)
}
