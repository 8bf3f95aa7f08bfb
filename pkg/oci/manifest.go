// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// largestManifest bounds, in bytes, what the store reads to learn which blobs
// a manifest refers to (distribution-spec, "Pushing Manifests": registries
// should take 4 MiB). What skilld itself accepts is less.
const largestManifest = 4 << 20

// errDamaged is in the chain of the error for a manifest that is not what its
// digest or media type says, or not there: reading it again will not help.
var errDamaged = errors.New("damaged")

// edge is a reference from a manifest to a blob.
type edge struct {
	key key
	// manifest says that the blob refers to others in its turn.
	manifest bool
	// optional says that the blob need not be there (image-spec, "subject").
	optional bool
}

// isManifest reports whether a blob of the media type refers to other blobs.
func isManifest(mediaType string) bool {
	switch mediaType {
	case ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex,
		"application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.docker.distribution.manifest.list.v2+json":
		return true
	}
	return false
}

// references reads a manifest or index and returns what it refers to.
//
// What it returns depends on the bytes alone, not on the media type or size
// that some other manifest claims for them: a manifest that somebody else
// wrote must not be able to hide what one of ours refers to.
func (b *blobFolder) references(k key) ([]edge, error) {
	content, err := b.manifest(k)
	if err != nil {
		return nil, err
	}
	return parseReferences(k, content)
}

// parseReferences is references for a content that was read and checked.
func parseReferences(k key, content []byte) ([]edge, error) {
	type descriptor struct {
		MediaType string        `json:"mediaType"`
		Digest    digest.Digest `json:"digest"`
	}
	var manifest struct {
		Config    *descriptor  `json:"config"`
		Layers    []descriptor `json:"layers"`
		Manifests []descriptor `json:"manifests"`
		Subject   *descriptor  `json:"subject"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return nil, fmt.Errorf("%w: blob %s is not a manifest: %w", errDamaged, k.digest(), err)
	}
	required := slices.Concat(manifest.Manifests, manifest.Layers)
	if manifest.Config != nil {
		required = append(required, *manifest.Config)
	}
	edges := make([]edge, 0, len(required)+1)
	for _, desc := range required {
		child, err := parseDigest(desc.Digest)
		if err != nil {
			return nil, fmt.Errorf("%w: manifest %s: %w", errDamaged, k.digest(), err)
		}
		edges = append(edges, edge{key: child, manifest: isManifest(desc.MediaType)})
	}
	if manifest.Subject != nil {
		if child, err := parseDigest(manifest.Subject.Digest); err == nil {
			edges = append(edges, edge{key: child, manifest: isManifest(manifest.Subject.MediaType), optional: true})
		}
	}
	return edges, nil
}

// manifest returns the content of a manifest, checked against its digest.
func (b *blobFolder) manifest(k key) ([]byte, error) {
	f, size, err := b.open(k)
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	if size > largestManifest {
		return nil, fmt.Errorf("%w: manifest %s has %d bytes; at most %d are read", errDamaged, k.digest(), size, largestManifest)
	}
	content := make([]byte, size)
	switch _, err := io.ReadFull(f, content); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: manifest %s shrinks while it is read", errDamaged, k.digest())
	case err != nil:
		return nil, fmt.Errorf("reading manifest %s: %w", k.digest(), diskError(err))
	}
	if sha256.Sum256(content) != k {
		return nil, fmt.Errorf("%w: the bytes of manifest %s have another digest", errDamaged, k.digest())
	}
	return content, nil
}
