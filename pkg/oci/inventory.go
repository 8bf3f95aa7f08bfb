// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Inventory tells which artifacts are whole on disk. It sees what happens
// after it was made, too; a list of its answers belongs to the version, and to
// the store's generation, that were read before the first of them.
type Inventory struct {
	graph   *graph
	version uint64
}

// Inventory returns the store's inventory. It waits until the blobs that the
// tags reach are known, which takes a while after [Open]; then it costs one
// look at the modification time of the blobs' folder, and a reading of that
// folder after somebody else has changed it.
//
// It returns ctx's error if ctx ends first, and a plain error where the folder
// cannot be read.
func (s *Store) Inventory(ctx context.Context) (Inventory, error) {
	if err := s.awaitGraph(ctx); err != nil {
		return Inventory{}, err
	}
	if err := s.graph.refresh(); err != nil {
		return Inventory{}, err
	}
	return Inventory{graph: s.graph, version: s.graph.currentVersion()}, nil
}

// Version changes when blobs of tagged artifacts have vanished or come back.
// Two inventories of one store with equal versions, at equal
// [Store.Generation], say the same of every tagged artifact.
func (i Inventory) Version() uint64 { return i.version }

// Has reports whether desc, a tagged root or something such a root refers to,
// is whole: every blob that it reaches is on disk, and every manifest among
// them had the bytes that its digest promises when it was read. A manifest's
// "subject" need not be there. Layers and configurations are not read.
func (i Inventory) Has(desc ocispec.Descriptor) bool {
	k, err := parseDigest(desc.Digest)
	if err != nil {
		return false
	}
	return i.graph.intact(edge{key: k, manifest: isManifest(desc.MediaType)})
}
