// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/json"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/skilld/skilld/pkg/skills"
)

// readParts returns what an index or manifest consists of: its config, layers
// and manifests. What it is a statement about (its "subject") is not a part of
// it. It returns an Unprocessable error for a document that is malformed, or
// names a part by anything but a sha256 digest.
func readParts(desc ocispec.Descriptor, encoded []byte) ([]ocispec.Descriptor, error) {
	var document struct {
		Config    *ocispec.Descriptor  `json:"config"`
		Layers    []ocispec.Descriptor `json:"layers"`
		Manifests []ocispec.Descriptor `json:"manifests"`
		Subject   *ocispec.Descriptor  `json:"subject"` // must be well-formed all the same
	}
	if err := json.Unmarshal(encoded, &document); err != nil {
		return nil, skills.Wrap(skills.Unprocessable, err, "the artifact's manifest %s is malformed: %v", desc.Digest, err)
	}
	parts := slices.Concat(document.Layers, document.Manifests)
	if document.Config != nil {
		parts = append(parts, *document.Config)
	}
	for _, part := range parts {
		if _, err := parseDigest(part.Digest); err != nil {
			return nil, skills.Wrap(skills.Unprocessable, err, "the artifact's manifest %s names a blob by %q, which is not a sha256 digest", desc.Digest, part.Digest)
		}
	}
	return parts, nil
}
