// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// document is a blob that refers to others: a manifest or an index.
type document struct {
	mediaType string
	size      int64
	// written is when its file was.
	written time.Time
	edges   []edge
}

// documents reads all blobs and returns those that are manifests or indexes,
// with the bytes that their digests promise.
func (b *blobFolder) documents() (map[key]document, error) {
	files, err := b.list()
	if err != nil {
		return nil, err
	}
	found := make(map[key]document)
	for k := range files {
		doc, err := b.document(k)
		switch {
		case errors.Is(err, errDamaged), errors.Is(err, errdef.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			found[k] = doc
		}
	}
	return found, nil
}

// document reads a blob as a manifest or an index. The error is [errDamaged]
// where it is none.
func (b *blobFolder) document(k key) (document, error) {
	if isObject, err := b.beginsWithBrace(k); err != nil || !isObject {
		return document{}, errors.Join(err, errDamaged)
	}
	content, err := b.manifest(k)
	if err != nil {
		return document{}, err
	}
	var head struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     string          `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(content, &head); err != nil || head.SchemaVersion != 2 {
		return document{}, errDamaged // a config, for one
	}
	if head.MediaType == "" {
		head.MediaType = mediaTypeManifest
		if head.Manifests != nil {
			head.MediaType = mediaTypeIndex
		}
	}
	edges, err := parseReferences(k, content)
	if err != nil {
		return document{}, err
	}
	info, err := b.dir.root.Lstat(k.hex())
	if err != nil {
		return document{}, fmt.Errorf("looking for blob %s: %w", k.digest(), diskError(err))
	}
	return document{mediaType: head.MediaType, size: int64(len(content)), written: info.ModTime(), edges: edges}, nil
}

// beginsWithBrace tells JSON objects from the layers, which may be large.
func (b *blobFolder) beginsWithBrace(k key) (bool, error) {
	f, _, err := b.open(k)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	var first [1]byte
	if _, err := f.Read(first[:]); err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading blob %s: %w", k.digest(), diskError(err))
	}
	return first[0] == '{', nil
}

// verifyAll returns an error where the blob k, or one that it reaches, is
// missing, is not what its digest says, or is no manifest where it should be.
func (b *blobFolder) verifyAll(e edge) error {
	seen := make(map[key]bool)
	for todo := []edge{e}; len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[e.key] || e.optional {
			continue
		}
		seen[e.key] = true
		if !e.manifest {
			if err := b.verify(e.key); err != nil {
				return err
			}
			continue
		}
		children, err := b.references(e.key)
		if err != nil {
			return err
		}
		todo = append(todo, children...)
	}
	return nil
}

// blobFetcher reads blobs without a lease, while nobody else uses the store.
type blobFetcher struct{ blobs *blobFolder }

// Fetch implements content.Fetcher of oras-go.
func (b blobFetcher) Fetch(_ context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	k, err := parseDigest(desc.Digest)
	if err != nil {
		return nil, err
	}
	f, _, err := b.blobs.open(k)
	if err != nil {
		return nil, err // not the typed nil of f
	}
	return f, nil
}
