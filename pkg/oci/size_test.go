// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/oci"
)

// TestSize counts what lies in the folder, whoever put it there.
func TestSize(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "store")
	store, err := oci.Open(root, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	lease := store.Lease()
	defer lease.Release()
	for _, text := range []string{"abc", strings.Repeat("x", 1000)} {
		w, err := lease.Create()
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
		_, err = w.Commit("application/octet-stream")
		require.NoError(t, err)
	}
	blobs := filepath.Join(root, "blobs", "sha256")
	require.NoError(t, os.WriteFile(filepath.Join(blobs, digest.FromString("stray").Encoded()), []byte("stray"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(blobs, "notes.txt"), []byte("not a blob"), 0o644))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = store.Size(ctx)
	require.ErrorIs(t, err, context.Canceled)
	size, err := store.Size(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 3+1000+5, size)

	require.NoError(t, os.Remove(filepath.Join(blobs, digest.FromString("stray").Encoded())))
	size, err = store.Size(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 3+1000+5, size, "counted less than a minute ago")
}
