// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ListenConfig says where to listen.
type ListenConfig struct {
	// Host and Port are the TCP address; port 0 takes a free one.
	Host string
	Port int
	// Socket is the path of a Unix socket to listen on instead; empty for TCP.
	Socket string
}

// Listen starts to listen. A Unix socket has mode 0600 from the moment that it
// can be found, and replaces a stale one that a crash left behind; a live one,
// and a file that is no socket, are errors and left alone. The folder that the
// socket is in must exist.
func Listen(ctx context.Context, cfg ListenConfig) (net.Listener, error) {
	if cfg.Socket != "" {
		return listenUnix(ctx, cfg.Socket)
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, fmt.Errorf("port %d is not between 0 and 65535", cfg.Port)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
}

// listenUnix binds the socket in a folder that nobody else can enter, and moves
// it to its place when its mode is right: between bind and chmod, a socket has
// whatever mode the umask leaves.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// A longer path can be made by renaming, but no client could connect to it.
	if most := len(syscall.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return nil, fmt.Errorf("socket path %s has %d bytes; this system allows %d", path, len(path), most)
	}
	if err := checkSocketPlace(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	// Once the socket has moved, the folder is empty.
	defer func() { _ = os.RemoveAll(private) }()

	hidden := filepath.Join(private, "s")
	var config net.ListenConfig
	inner, err := config.Listen(ctx, "unix", hidden)
	switch {
	case errors.Is(err, syscall.EINVAL):
		return nil, fmt.Errorf("socket path %s is too long for this system: choose a shorter folder", path)
	case err != nil:
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	listener, err := place(inner.(*net.UnixListener), hidden, path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket %s: %w", path, err), inner.Close())
	}
	return listener, nil
}

// checkSocketPlace reports whether a socket may be put at path.
func checkSocketPlace(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s exists and is not a socket; it is left as it is", path)
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("socket %s is in use by another process", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("socket %s may be in use: %w", path, err)
	}
	return nil
}

// place moves the bound socket to its path, over a stale one.
func place(inner *net.UnixListener, hidden, path string) (net.Listener, error) {
	// The path that it was bound to is not the one to remove at the end.
	inner.SetUnlinkOnClose(false)
	if err := os.Chmod(hidden, 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(hidden, path); err != nil {
		return nil, err
	}
	own, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return &socketListener{UnixListener: inner, path: path, own: own}, nil
}

// socketListener is a listener on a socket that was moved after it was bound.
type socketListener struct {
	*net.UnixListener
	path string
	own  fs.FileInfo
}

// Addr returns the address that clients connect to.
func (l *socketListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

// Close stops listening and removes the socket, unless another one has taken
// its place.
func (l *socketListener) Close() error {
	if present, err := os.Lstat(l.path); err == nil && os.SameFile(present, l.own) {
		_ = os.Remove(l.path) // a stale socket is replaced at the next start
	}
	return l.UnixListener.Close()
}
