// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/oci"
)

// marker stands for the annotations that a tag may carry.
const marker = "dev.stacklok.toolhive.local-build"

// testStore is a store in a folder of the test's own, with its log.
type testStore struct {
	*oci.Store
	dir string
	log *bytes.Buffer
}

func newStore(t testing.TB) testStore {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "store"))
}

func openStore(t testing.TB, dir string) testStore {
	t.Helper()
	var log bytes.Buffer
	store, err := oci.Open(dir, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	return testStore{Store: store, dir: dir, log: &log}
}

// reopen closes the store and opens its folder again.
func (s testStore) reopen(t testing.TB) testStore {
	t.Helper()
	require.NoError(t, s.Close())
	return openStore(t, s.dir)
}

// lease returns a lease that ends with the test.
func (s testStore) lease(t testing.TB) *oci.Lease {
	t.Helper()
	l := s.Lease()
	t.Cleanup(l.Release)
	return l
}

// settle waits until the store has counted its blobs and swept its folder.
func (s testStore) settle(t testing.TB) oci.Inventory {
	t.Helper()
	inventory, err := s.Inventory(t.Context())
	require.NoError(t, err)
	return inventory
}

// tags returns the tags, in the order of the store.
func (s testStore) tags() []string {
	tags := []string{}
	for desc := range s.Tagged() {
		tags = append(tags, desc.Annotations[ocispec.AnnotationRefName])
	}
	return tags
}

// blobPath is where a blob lies on disk.
func (s testStore) blobPath(d digest.Digest) string {
	return filepath.Join(s.dir, "blobs", "sha256", d.Encoded())
}

// onDisk returns the digests of all blobs on disk.
func (s testStore) onDisk(t testing.TB) []digest.Digest {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, "blobs", "sha256"))
	require.NoError(t, err)
	found := make([]digest.Digest, 0, len(entries))
	for _, e := range entries {
		found = append(found, digest.NewDigestFromEncoded(digest.SHA256, e.Name()))
	}
	return found
}

// unfinished returns the names of the files in ingest.
func (s testStore) unfinished(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, "ingest"))
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// indexFile returns index.json, decoded.
func (s testStore) indexFile(t testing.TB) ocispec.Index {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, "index.json"))
	require.NoError(t, err)
	var index ocispec.Index
	require.NoError(t, json.Unmarshal(content, &index))
	return index
}

// sample is an artifact of the shape that skills have: an index of two
// manifests, each with a configuration of its own, that share one layer.
type sample struct {
	index     ocispec.Descriptor
	manifests []ocispec.Descriptor
	configs   []ocispec.Descriptor
	layer     ocispec.Descriptor
}

// digests returns the digests of all its blobs.
func (s sample) digests() []digest.Digest {
	found := []digest.Digest{s.index.Digest, s.layer.Digest}
	for i := range s.manifests {
		found = append(found, s.manifests[i].Digest, s.configs[i].Digest)
	}
	return found
}

// pushSample writes an artifact. Artifacts with equal layer text share that blob.
func pushSample(t testing.TB, l *oci.Lease, name, layer string) sample {
	t.Helper()
	s, err := tryPushSample(t.Context(), l, name, layer)
	require.NoError(t, err)
	return s
}

func tryPushSample(ctx context.Context, l *oci.Lease, name, layer string) (s sample, err error) {
	put := func(mediaType string, document any) (desc ocispec.Descriptor) {
		if err != nil {
			return desc
		}
		content, isText := document.([]byte)
		if !isText {
			content, err = json.Marshal(document)
		}
		if err == nil {
			desc, err = commitBlob(l, mediaType, content)
		}
		return desc
	}
	s.layer = put(ocispec.MediaTypeImageLayerGzip, []byte(layer))
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, arch := range []string{"amd64", "arm64"} {
		platform := ocispec.Platform{OS: "linux", Architecture: arch}
		config := put(ocispec.MediaTypeImageConfig, ocispec.Image{Platform: platform, Author: name})
		manifest := put(ocispec.MediaTypeImageManifest, ocispec.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
			Config: config, Layers: []ocispec.Descriptor{s.layer},
		})
		s.configs = append(s.configs, config)
		s.manifests = append(s.manifests, manifest)
		manifest.Platform = &platform
		index.Manifests = append(index.Manifests, manifest)
	}
	s.index = put(ocispec.MediaTypeImageIndex, index)
	if err == nil {
		err = ctx.Err()
	}
	return s, err
}

// commitBlob writes a blob through a BlobWriter.
func commitBlob(l *oci.Lease, mediaType string, content []byte) (ocispec.Descriptor, error) {
	w, err := l.Create()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if _, err := w.Write(content); err != nil {
		return ocispec.Descriptor{}, err
	}
	desc, err := w.Commit(mediaType)
	if err != nil {
		_ = w.Close() // the first error tells more
		return ocispec.Descriptor{}, err
	}
	return desc, w.Close()
}

// tagSample writes an artifact and tags it, with a lease of its own.
func (s testStore) tagSample(t testing.TB, tag, name, layer string) sample {
	t.Helper()
	l := s.Lease()
	defer l.Release()
	made := pushSample(t, l, name, layer)
	require.NoError(t, l.Tag(t.Context(), made.index, tag))
	return made
}

// plant writes a file into a folder, as somebody else would.
func plant(t testing.TB, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}
