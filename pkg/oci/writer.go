// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
)

// BlobWriter writes a blob whose digest is not known before its end. It is not
// safe for concurrent use.
type BlobWriter struct {
	lease *Lease
	file  *diskFile
	hash  hash.Hash
	size  int64
	done  bool
}

// Create begins a new blob. The caller must close the writer.
func (l *Lease) Create() (*BlobWriter, error) {
	f, err := l.store.blobs.create()
	if err != nil {
		return nil, err
	}
	return &BlobWriter{lease: l, file: f, hash: sha256.New()}, nil
}

// Write adds p to the blob.
func (w *BlobWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.hash.Write(p[:n]) // never fails (package hash)
	w.size += int64(n)
	return n, err
}

// Commit puts the blob into the store, held by the lease, and returns its
// descriptor: mediaType, digest and size. A blob of a manifest's media type
// must be one, and then what it refers to is held as well. The blob itself is
// durable when Commit returns; its name is so with the next tag. Nothing can be
// written afterwards.
func (w *BlobWriter) Commit(mediaType string) (ocispec.Descriptor, error) {
	var k key
	w.hash.Sum(k[:0])
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: k.digest(), Size: w.size}
	if w.done {
		return desc, fmt.Errorf("blob %s was committed or discarded before", desc.Digest)
	}
	exists, err := w.lease.Exists(context.Background(), desc)
	if err != nil {
		return desc, err
	}
	if exists {
		return desc, w.Close()
	}
	if err := w.settle(k); err != nil {
		return desc, err
	}
	return desc, w.lease.count(k, mediaType)
}

// settle makes the file the blob k, in place of a damaged one if there is one.
func (w *BlobWriter) settle(k key) error {
	// Under any umask, other tools of other users may read blobs.
	if err := w.file.Chmod(0o644); err != nil {
		return fmt.Errorf("making blob %s readable: %w", k.digest(), diskError(err))
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("making blob %s durable: %w", k.digest(), err)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("closing blob %s: %w", k.digest(), diskError(err))
	}
	if err := w.lease.store.graph.place(w.file.name, k); err != nil {
		return err
	}
	w.done = true
	return nil
}

// Close discards the blob, unless it was committed. It may be called again.
func (w *BlobWriter) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	err := w.file.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil // closed by a Commit that failed after it
	}
	return errors.Join(err, w.lease.store.disk.remove(w.file.name))
}

// Push writes a blob that is known beforehand, reading no more of r than
// expected says and one byte. It returns an error that is
// [errdef.ErrAlreadyExists] where the store has the blob, which the lease then
// holds; [content.ErrMismatchedDigest], [content.ErrTrailingData] or
// [io.ErrUnexpectedEOF] where r is not what expected says; ctx's error when ctx
// ends; and r's own errors, wrapped.
func (l *Lease) Push(ctx context.Context, expected ocispec.Descriptor, r io.Reader) error {
	if expected.Size < 0 {
		return fmt.Errorf("blob %s of %d bytes: %w", expected.Digest, expected.Size, content.ErrInvalidDescriptorSize)
	}
	exists, err := l.Exists(ctx, expected)
	if err != nil {
		return err
	}
	if exists {
		return fmt.Errorf("blob %s: %w", expected.Digest, errdef.ErrAlreadyExists)
	}
	w, err := l.Create()
	if err != nil {
		return err
	}
	return afterwards(w.receive(ctx, expected, r), w.Close())
}

// receive copies r and commits it if it is what was expected.
func (w *BlobWriter) receive(ctx context.Context, expected ocispec.Descriptor, r io.Reader) error {
	_, err := io.Copy(w, io.LimitReader(&contextReader{ctx: ctx, r: r}, expected.Size+1))
	switch {
	case err != nil:
		return fmt.Errorf("receiving blob %s: %w", expected.Digest, err)
	case w.size > expected.Size:
		return fmt.Errorf("blob %s has more than its %d bytes: %w", expected.Digest, expected.Size, content.ErrTrailingData)
	case w.size < expected.Size:
		return fmt.Errorf("blob %s ended after %d of %d bytes: %w", expected.Digest, w.size, expected.Size, io.ErrUnexpectedEOF)
	}
	if got := digest.NewDigest(digest.SHA256, w.hash); got != expected.Digest {
		return fmt.Errorf("blob %s has the digest %s: %w", expected.Digest, got, content.ErrMismatchedDigest)
	}
	_, err = w.Commit(expected.MediaType)
	return err
}
