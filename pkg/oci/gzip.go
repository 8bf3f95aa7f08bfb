// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// writeLayer writes the folder as one blob, in one pass: the tar goes into its
// digest and into gzip, and what gzip makes into the blob and its digest. It
// returns the blob's descriptor and the digest of the tar.
func (p Packager) writeLayer(ctx context.Context, f folder, dst Destination) (ocispec.Descriptor, digest.Digest, error) {
	blob, err := dst.Create()
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	defer func() { _ = blob.Close() }() // discards it, unless it is committed

	// The compressor writes a few hundred bytes at a time.
	buffered := bufio.NewWriterSize(blob, 64<<10)
	compressed, err := newGzip(buffered, p.epoch())
	if err != nil {
		return ocispec.Descriptor{}, "", err
	}
	hash := sha256.New()
	if err := writeTar(ctx, io.MultiWriter(hash, compressed), f, p.epoch()); err != nil {
		return ocispec.Descriptor{}, "", err
	}
	if err := compressed.Close(); err != nil {
		return ocispec.Descriptor{}, "", err
	}
	if err := buffered.Flush(); err != nil {
		return ocispec.Descriptor{}, "", err
	}
	layer, err := blob.Commit(mediaTypeLayer)
	return layer, digest.NewDigest(digest.SHA256, hash), err
}

// newGzip returns a compressor with the header of ARTIFACT.md, "Layer": the
// epoch and nothing else. What it writes depends on the Go release, which is
// therefore part of the format; the golden digests guard it.
func newGzip(w io.Writer, epoch time.Time) (*gzip.Writer, error) {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	const unknownOS = 255 // RFC 1952, section 2.3.1
	compressed.ModTime, compressed.OS = epoch, unknownOS
	return compressed, nil
}
