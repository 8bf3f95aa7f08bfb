// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/pkg/skills"
)

// Artifact is a skill as an OCI artifact: where its parts are, and what it says
// of itself. What an artifact of somebody else says is checked for its shape
// and bounded, but not true because it is said.
type Artifact struct {
	// Descriptor is the index, or the manifest where there is no index; its
	// digest is the artifact's digest.
	Descriptor ocispec.Descriptor
	// Manifest, Config and Layer belong to the platform that was read:
	// linux/amd64 where there is one. Layer.Size is the compressed size in bytes.
	Manifest ocispec.Descriptor
	Config   ocispec.Descriptor
	Layer    ocispec.Descriptor
	// Name is a valid name of a skill; the other strings may be empty.
	Name        string
	Description string
	Version     string
	License     string
	// AllowedTools is nil where the artifact names none.
	AllowedTools []string
	// Files are the paths that the artifact lists; [Extract] tells which it has.
	Files []string
	// Requires are references of skills that this one needs, not checked.
	Requires []string
}

// ReadArtifact reads the artifact whose index or manifest is desc: from an
// index the manifest of linux/amd64, else the first one. It reads no layer.
// Every document is verified against its digest and size, and bounded by
// MaxManifestSize, MaxManifests and MaxLayers.
//
// It returns an Unprocessable error where desc is not a skill artifact or over
// a bound. What fetcher fails with is wrapped without a kind.
func ReadArtifact(ctx context.Context, fetcher content.Fetcher, desc ocispec.Descriptor) (Artifact, error) {
	r := reader{ctx: ctx, fetcher: fetcher}
	chosen, indexed, err := r.choose(desc)
	if err != nil {
		return Artifact{}, err
	}
	manifest, err := r.manifest(chosen)
	if err != nil {
		return Artifact{}, err
	}
	layer, err := skillLayer(manifest, indexed.ArtifactType)
	if err != nil {
		return Artifact{}, err
	}
	config, err := r.config(manifest.Config)
	if err != nil {
		return Artifact{}, err
	}
	artifact := Artifact{Descriptor: desc, Manifest: chosen, Config: manifest.Config, Layer: layer}
	if err := artifact.setLabels(config.Config.Labels); err != nil {
		return Artifact{}, err
	}
	artifact.Requires, err = list(manifest.Annotations, KeyRequires)
	return artifact, err
}

// reader reads the JSON documents of an artifact.
type reader struct {
	ctx     context.Context
	fetcher content.Fetcher
}

// choose returns the manifest to read, and the index that names it; that is the
// zero value where desc is a manifest itself.
func (r reader) choose(desc ocispec.Descriptor) (ocispec.Descriptor, ocispec.Index, error) {
	if desc.MediaType == mediaTypeManifest {
		return desc, ocispec.Index{}, nil
	}
	index, err := r.index(desc)
	if err != nil {
		return ocispec.Descriptor{}, ocispec.Index{}, err
	}
	chosen := index.Manifests[0]
	if i := slices.IndexFunc(index.Manifests, isPreferred); i >= 0 {
		chosen = index.Manifests[i]
	}
	return chosen, index, nil
}

func isPreferred(desc ocispec.Descriptor) bool {
	return desc.Platform != nil && desc.Platform.OS == "linux" && desc.Platform.Architecture == "amd64"
}

// index reads an index that may be one of a skill.
func (r reader) index(desc ocispec.Descriptor) (ocispec.Index, error) {
	if desc.MediaType != mediaTypeIndex {
		return ocispec.Index{}, notSkill("its media type is %q, neither an OCI index nor an OCI manifest", desc.MediaType)
	}
	var index ocispec.Index
	if err := r.read(desc, "index", &index); err != nil {
		return ocispec.Index{}, err
	}
	switch count := len(index.Manifests); {
	case index.MediaType != "" && index.MediaType != desc.MediaType:
		return ocispec.Index{}, notSkill("its index says that it is %q", index.MediaType)
	case index.ArtifactType != "" && index.ArtifactType != ArtifactType:
		return ocispec.Index{}, wrongType(index.ArtifactType)
	case count == 0:
		return ocispec.Index{}, notSkill("its index names no manifest")
	case count > MaxManifests:
		return ocispec.Index{}, skills.Errorf(skills.Unprocessable, "the artifact's index names %d manifests; at most %d are allowed", count, MaxManifests)
	}
	return index, nil
}

// manifest reads a manifest.
func (r reader) manifest(desc ocispec.Descriptor) (ocispec.Manifest, error) {
	if desc.MediaType != mediaTypeManifest {
		return ocispec.Manifest{}, notSkill("its index names a %q where a manifest should be", desc.MediaType)
	}
	var manifest ocispec.Manifest
	if err := r.read(desc, "manifest", &manifest); err != nil {
		return ocispec.Manifest{}, err
	}
	switch count := len(manifest.Layers); {
	case manifest.MediaType != "" && manifest.MediaType != desc.MediaType:
		return ocispec.Manifest{}, notSkill("its manifest says that it is %q", manifest.MediaType)
	case count > MaxLayers:
		return ocispec.Manifest{}, skills.Errorf(skills.Unprocessable, "the artifact's manifest names %d layers; at most %d are allowed", count, MaxLayers)
	}
	return manifest, nil
}

// config reads a config.
func (r reader) config(desc ocispec.Descriptor) (ocispec.Image, error) {
	if desc.MediaType != mediaTypeConfig {
		return ocispec.Image{}, notSkill("its config is %q, not %q", desc.MediaType, mediaTypeConfig)
	}
	var config ocispec.Image
	return config, r.read(desc, "config", &config)
}

// read fetches a bounded document and decodes it.
func (r reader) read(desc ocispec.Descriptor, what string, document any) error {
	if err := checkSize(desc, what, MaxManifestSize); err != nil {
		return err
	}
	encoded, err := content.FetchAll(r.ctx, r.fetcher, desc)
	if err != nil {
		return fmt.Errorf("read the artifact's %s %s: %w", what, desc.Digest, err)
	}
	if err := json.Unmarshal(encoded, document); err != nil {
		return skills.Wrap(skills.Unprocessable, err, "the artifact's %s %s is malformed: %v", what, desc.Digest, err)
	}
	return nil
}

// checkSize refuses a blob by what its descriptor says of its size.
func checkSize(desc ocispec.Descriptor, what string, most int64) error {
	switch {
	case desc.Size < 0:
		return skills.Errorf(skills.Unprocessable, "the artifact's %s has a negative size", what)
	case desc.Size > most:
		return skills.Errorf(skills.Unprocessable, "the artifact's %s has %d bytes; at most %d (%d MiB) are allowed", what, desc.Size, most, most>>20)
	}
	return nil
}

// skillLayer returns the layer with the skill's files: the first one that is a
// gzip-compressed tar. The manifest, or the index that names it, must say that
// it is a skill.
func skillLayer(manifest ocispec.Manifest, indexType string) (ocispec.Descriptor, error) {
	if manifest.ArtifactType != ArtifactType && (manifest.ArtifactType != "" || indexType != ArtifactType) {
		return ocispec.Descriptor{}, wrongType(manifest.ArtifactType)
	}
	i := slices.IndexFunc(manifest.Layers, func(layer ocispec.Descriptor) bool { return layer.MediaType == mediaTypeLayer })
	if i < 0 {
		return ocispec.Descriptor{}, notSkill("it has no layer of type %q", mediaTypeLayer)
	}
	return manifest.Layers[i], nil
}

func wrongType(artifactType string) error {
	if artifactType == "" {
		return notSkill("it has no artifact type; a skill's is %q", ArtifactType)
	}
	return notSkill("its artifact type is %q; a skill's is %q", artifactType, ArtifactType)
}

// ErrNotSkill is in the chain of an error about an artifact that is no skill at
// all, as against a skill that is over a limit or damaged.
var ErrNotSkill = errors.New("not a skill artifact")

// notSkill returns an Unprocessable error that says why an artifact is no skill.
func notSkill(format string, args ...any) error {
	return skills.Wrap(skills.Unprocessable, ErrNotSkill, "not a skill artifact: %s", fmt.Sprintf(format, args...))
}
