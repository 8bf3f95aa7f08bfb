// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/skills"
)

// Destination is where a [Packager] puts blobs. A [Lease] is one.
type Destination interface {
	content.Pusher
	// Create begins a blob whose digest is known only when it is complete.
	Create() (*BlobWriter, error)
}

var _ Destination = (*Lease)(nil)

// Packager turns the folder of a skill into an artifact. The zero value makes
// the artifact that everybody else makes of the same folder.
type Packager struct {
	// Epoch is the time in every time stamp; the zero value means 1970-01-01.
	// It is cut to whole seconds, UTC.
	Epoch time.Time
	// Platforms get a manifest each, in this order; nil means linux/amd64 and
	// linux/arm64.
	Platforms []ocispec.Platform
}

// lastEpoch is the last second that RFC 3339 can write: 9999-12-31T23:59:59Z.
const lastEpoch = 253402300799

// EpochFromEnv returns the time in the variable SOURCE_DATE_EPOCH, or
// 1970-01-01 where it is unset or empty (reproducible-builds.org,
// "SOURCE_DATE_EPOCH"). getenv is [os.Getenv], or a test's own. It returns an
// Invalid error where the variable is not a whole number of seconds from 1970
// to the year 9999.
func EpochFromEnv(getenv func(string) string) (time.Time, error) {
	const variable = "SOURCE_DATE_EPOCH"
	text := getenv(variable)
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > lastEpoch {
		return time.Time{}, skills.Wrap(skills.Invalid, err, "%s is %q; it must be a whole number of seconds since 1970, from 0 to %d", variable, text, lastEpoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Package writes the blobs of the skill in root to dst and returns the artifact.
// It tags nothing. The layer is streamed: memory does not grow with the folder.
//
// It returns an Invalid or Unprocessable error that names the file at fault
// where the folder is not a skill (see [skills.ListFiles] and
// [skills.ReadFrontmatter]), where the name in SKILL.md is not valid, where a
// path cannot be stored or unpacked again, and where a file changes while it is
// read.
func (p Packager) Package(ctx context.Context, root *os.Root, dst Destination) (Artifact, error) {
	folder, err := scan(root)
	if err != nil {
		return Artifact{}, err
	}
	layer, diffID, err := p.writeLayer(ctx, folder, dst)
	if err != nil {
		return Artifact{}, err
	}
	layer.Annotations = map[string]string{ocispec.AnnotationTitle: "skill.tar.gz"}

	artifact := Artifact{
		Layer:        layer,
		Name:         folder.head.Name,
		Description:  folder.head.Description,
		Version:      folder.head.Version,
		License:      folder.head.License,
		AllowedTools: folder.head.AllowedTools,
		Files:        folder.paths(),
		Requires:     folder.head.Requires(),
	}
	return p.writeDocuments(ctx, artifact, diffID, dst)
}

// writeDocuments writes the configs, the manifests and the index, and completes
// the artifact with their descriptors.
func (p Packager) writeDocuments(ctx context.Context, a Artifact, diffID digest.Digest, dst content.Pusher) (Artifact, error) {
	labels, err := a.labels()
	if err != nil {
		return Artifact{}, err
	}
	annotations, err := a.annotations(p.epoch())
	if err != nil {
		return Artifact{}, err
	}
	index := ocispec.Index{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    mediaTypeIndex,
		ArtifactType: ArtifactType,
		Annotations:  annotations,
	}
	for i, platform := range p.platforms() {
		config, err := pushJSON(ctx, dst, mediaTypeConfig, p.config(platform, labels, diffID))
		if err != nil {
			return Artifact{}, err
		}
		manifest, err := pushJSON(ctx, dst, mediaTypeManifest, ocispec.Manifest{
			Versioned:    specs.Versioned{SchemaVersion: 2},
			MediaType:    mediaTypeManifest,
			ArtifactType: ArtifactType,
			Config:       config,
			Layers:       []ocispec.Descriptor{a.Layer},
			Annotations:  annotations,
		})
		if err != nil {
			return Artifact{}, err
		}
		if i == 0 {
			a.Manifest, a.Config = manifest, config
		}
		manifest.Platform = &platform
		index.Manifests = append(index.Manifests, manifest)
	}
	a.Descriptor, err = pushJSON(ctx, dst, mediaTypeIndex, index)
	return a, err
}

func (p Packager) config(platform ocispec.Platform, labels map[string]string, diffID digest.Digest) ocispec.Image {
	epoch := p.epoch()
	return ocispec.Image{
		Created:  &epoch,
		Platform: platform,
		Config:   ocispec.ImageConfig{Labels: labels},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}},
		History:  []ocispec.History{{Created: &epoch, CreatedBy: "toolhive package"}},
	}
}

func (p Packager) epoch() time.Time {
	if p.Epoch.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return p.Epoch.UTC().Truncate(time.Second)
}

func (p Packager) platforms() []ocispec.Platform {
	if p.Platforms != nil {
		return p.Platforms
	}
	return []ocispec.Platform{
		{OS: "linux", Architecture: "amd64"},
		{OS: "linux", Architecture: "arm64"},
	}
}

// pushJSON pushes the compact encoding of document and returns its descriptor.
func pushJSON(ctx context.Context, dst content.Pusher, mediaType string, document any) (ocispec.Descriptor, error) {
	encoded, err := json.Marshal(document)
	if err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("encode %s: %w", mediaType, err)
	}
	if len(encoded) > MaxManifestSize {
		return ocispec.Descriptor{}, skills.Errorf(skills.Unprocessable,
			"the skill's metadata comes to %d bytes in the artifact, over the %d (1 MiB) that readers accept; shorten its paths or its frontmatter",
			len(encoded), MaxManifestSize)
	}
	desc := content.NewDescriptorFromBytes(mediaType, encoded)
	if err := dst.Push(ctx, desc, bytes.NewReader(encoded)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return ocispec.Descriptor{}, fmt.Errorf("store %s %s: %w", mediaType, desc.Digest, err)
	}
	return desc, nil
}
