// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
)

func TestPushKeepsOnlyWhatWasExpected(t *testing.T) {
	t.Parallel()
	const text = "the content of a layer"
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, []byte(text))
	negative := desc
	negative.Size = -1
	sha512 := desc
	sha512.Digest = digest.SHA512.FromString(text)
	path := desc
	path.Digest = "sha256:../../../../etc/passwd"
	upper := desc
	upper.Digest = digest.Digest("sha256:" + strings.ToUpper(desc.Digest.Encoded()))
	broken := errors.New("connection reset")
	tests := []struct {
		name string
		desc ocispec.Descriptor
		from io.Reader
		want error
	}{
		{"other bytes", desc, strings.NewReader(strings.Repeat("x", len(text))), content.ErrMismatchedDigest},
		{"too many bytes", desc, strings.NewReader(text + "."), content.ErrTrailingData},
		{"endless bytes", desc, endless{}, content.ErrTrailingData},
		{"too few bytes", desc, strings.NewReader(text[1:]), io.ErrUnexpectedEOF},
		{"no bytes", desc, strings.NewReader(""), io.ErrUnexpectedEOF},
		{"a connection that breaks", desc, io.MultiReader(strings.NewReader(text[:5]), iotest.ErrReader(broken)), broken},
		{"a negative size", negative, strings.NewReader(text), content.ErrInvalidDescriptorSize},
		{"another algorithm", sha512, strings.NewReader(text), errdef.ErrInvalidDigest},
		{"a path for a digest", path, strings.NewReader(text), errdef.ErrInvalidDigest},
		{"an uppercase digest", upper, strings.NewReader(text), errdef.ErrInvalidDigest},
	}
	s := newStore(t)
	l := s.lease(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorIs(t, l.Push(t.Context(), tt.desc, tt.from), tt.want)
			assert.Empty(t, s.onDisk(t))
			assert.Empty(t, s.unfinished(t))
		})
	}
	require.NoError(t, l.Push(t.Context(), desc, iotest.OneByteReader(strings.NewReader(text))))
	require.ErrorIs(t, l.Push(t.Context(), desc, strings.NewReader(text)), errdef.ErrAlreadyExists)
	got, err := content.FetchAll(t.Context(), l, desc)
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestPushStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.lease(t)
	ctx, cancel := context.WithCancel(t.Context())
	desc := ocispec.Descriptor{Digest: digest.FromString("x"), Size: 1 << 40}
	err := l.Push(ctx, desc, readerFunc(func([]byte) (int, error) {
		cancel()
		return 1, nil
	}))
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, s.unfinished(t))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestBlobWriter(t *testing.T) {
	t.Parallel()
	const mediaType = ocispec.MediaTypeImageLayerGzip
	text := []byte("some content")
	want := content.NewDescriptorFromBytes(mediaType, text)
	t.Run("commits", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		l := s.lease(t)
		w, err := l.Create()
		require.NoError(t, err)
		_, err = io.Copy(w, bytes.NewReader(text))
		require.NoError(t, err)
		got, err := w.Commit(mediaType)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, w.Close())
		info, err := os.Stat(s.blobPath(got.Digest))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode())
		assert.Empty(t, s.unfinished(t))
		_, err = w.Commit(mediaType)
		require.Error(t, err)
		_, err = w.Write(text)
		require.Error(t, err)
	})
	t.Run("discards", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		w, err := s.lease(t).Create()
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
		assert.Len(t, s.unfinished(t), 1)
		require.NoError(t, w.Close())
		require.NoError(t, w.Close())
		assert.Empty(t, s.unfinished(t))
		assert.Empty(t, s.onDisk(t))
		_, err = w.Commit(mediaType)
		require.Error(t, err)
	})
	t.Run("an empty blob", func(t *testing.T) {
		t.Parallel()
		l := newStore(t).lease(t)
		desc, err := commitBlob(l, mediaType, nil)
		require.NoError(t, err)
		assert.Equal(t, content.NewDescriptorFromBytes(mediaType, nil), desc)
		exists, err := l.Exists(t.Context(), desc)
		require.NoError(t, err)
		assert.True(t, exists)
	})
	t.Run("refuses a manifest that is none", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		l := s.Lease()
		_, err := commitBlob(l, ocispec.MediaTypeImageManifest, text)
		require.ErrorContains(t, err, "is not a manifest")
		l.Release()
		s.settle(t)
		assert.Empty(t, s.onDisk(t))
		assert.Empty(t, s.unfinished(t))
	})
	t.Run("refuses a released lease", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		l := s.Lease()
		w, err := l.Create()
		require.NoError(t, err)
		l.Release()
		_, err = w.Commit(mediaType)
		require.ErrorContains(t, err, "released")
		require.NoError(t, w.Close())
		assert.Empty(t, s.onDisk(t))
		assert.Empty(t, s.unfinished(t))
	})
}

func TestWritingABlobAgainMendsADamagedFile(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "the layer")
	for name, damage := range map[digest.Digest]string{
		made.layer.Digest:      "the lay",                                   // cut short
		made.configs[0].Digest: "",                                          // emptied
		made.index.Digest:      strings.Repeat("x", int(made.index.Size)+1), // grown
	} {
		require.NoError(t, os.WriteFile(s.blobPath(name), []byte(damage), 0o600))
	}
	flipped := strings.Repeat("x", int(made.manifests[0].Size))
	require.NoError(t, os.WriteFile(s.blobPath(made.manifests[0].Digest), []byte(flipped), 0o600))
	s = s.reopen(t)
	before := s.settle(t)
	require.False(t, before.Has(made.index))
	assert.Contains(t, s.log.String(), "an artifact in the store is damaged")

	l := s.lease(t)
	again := pushSample(t, l, "a", "the layer")
	assert.Equal(t, made, again)
	for _, desc := range append(append(again.manifests, again.configs...), again.index, again.layer) {
		_, err := content.FetchAll(t.Context(), l, desc)
		require.NoError(t, err)
	}
	after := s.settle(t)
	assert.True(t, after.Has(made.index))
	assert.NotEqual(t, before.Version(), after.Version())
}

func TestFetch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "the layer")
	l := s.lease(t)
	t.Run("seeks", func(t *testing.T) {
		r, err := l.Fetch(t.Context(), made.layer)
		require.NoError(t, err)
		_, seeks := r.(io.Seeker)
		assert.True(t, seeks)
		require.NoError(t, r.Close())
	})
	t.Run("absent", func(t *testing.T) {
		absent := digest.FromString("absent")
		_, err := l.Fetch(t.Context(), ocispec.Descriptor{Digest: absent, Size: 6})
		require.ErrorIs(t, err, errdef.ErrNotFound)
		require.ErrorContains(t, err, absent.String())
	})
	t.Run("another size", func(t *testing.T) {
		wrong := made.layer
		wrong.Size++
		_, err := l.Fetch(t.Context(), wrong)
		require.ErrorContains(t, err, "9 bytes on disk instead of 10")
		wrong.Size = 0
		r, err := l.Fetch(t.Context(), wrong)
		require.NoError(t, err, "a size that is not known is not checked")
		require.NoError(t, r.Close())
	})
	t.Run("a link or a folder in the blob's place", func(t *testing.T) {
		secret := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
		link := ocispec.Descriptor{Digest: digest.FromString("secret"), Size: 6}
		require.NoError(t, os.Symlink(secret, s.blobPath(link.Digest)))
		_, err := l.Fetch(t.Context(), link)
		require.ErrorIs(t, err, errdef.ErrNotFound)
		exists, err := l.Exists(t.Context(), link)
		require.NoError(t, err)
		assert.False(t, exists)
		require.NoError(t, l.Push(t.Context(), link, strings.NewReader("secret")))
		info, err := os.Lstat(s.blobPath(link.Digest))
		require.NoError(t, err)
		assert.True(t, info.Mode().IsRegular())
		folder := ocispec.Descriptor{Digest: digest.FromString("folder"), Size: 6}
		require.NoError(t, os.Mkdir(s.blobPath(folder.Digest), 0o750))
		_, err = l.Fetch(t.Context(), folder)
		require.ErrorIs(t, err, errdef.ErrNotFound)
	})
}

func TestExists(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "the layer")
	l := s.lease(t)
	otherSize := made.layer
	otherSize.Size++
	for _, tt := range []struct {
		name string
		desc ocispec.Descriptor
		want bool
	}{
		{"there", made.layer, true},
		{"a manifest", made.index, true},
		{"of another size", otherSize, false},
		{"absent", content.NewDescriptorFromBytes("", []byte("absent")), false},
	} {
		got, err := l.Exists(t.Context(), tt.desc)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
	}
	_, err := l.Exists(t.Context(), ocispec.Descriptor{Digest: "md5:d41d8cd98f00b204e9800998ecf8427e"})
	require.ErrorIs(t, err, errdef.ErrInvalidDigest)
}
