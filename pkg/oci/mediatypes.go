// SPDX-License-Identifier: Apache-2.0

package oci

import ocispec "github.com/opencontainers/image-spec/specs-go/v1"

// ArtifactType is what makes a manifest or an index a skill.
const ArtifactType = "dev.toolhive.skills.v1"

// Media types of a skill's parts (OCI image specification v1.1, "Media Types").
const (
	mediaTypeIndex    = ocispec.MediaTypeImageIndex
	mediaTypeManifest = ocispec.MediaTypeImageManifest
	mediaTypeConfig   = ocispec.MediaTypeImageConfig
	mediaTypeLayer    = ocispec.MediaTypeImageLayerGzip
)

// AnnotationLocalBuild marks a tag that a local build made; its value is
// "true". It stands on the descriptor in the store's index.json alone, never in
// a manifest, so that it changes no digest and never leaves the machine.
const AnnotationLocalBuild = "dev.stacklok.toolhive.local-build"

// Keys that a config carries as labels; the first three are annotations of
// manifest and index too.
const (
	// KeyName is the skill's name.
	KeyName = "dev.toolhive.skills.name"
	// KeyDescription is the skill's description.
	KeyDescription = "dev.toolhive.skills.description"
	// KeyVersion is the skill's version, present even when it is empty.
	KeyVersion = "dev.toolhive.skills.version"
	// KeyLicense is the skill's licence, present even when it is empty.
	KeyLicense = "dev.toolhive.skills.license"
	// KeyAllowedTools is a JSON array of the allowed tools, or null.
	KeyAllowedTools = "dev.toolhive.skills.allowedTools"
	// KeyFiles is a JSON array of all paths, sorted as bytes.
	KeyFiles = "dev.toolhive.skills.files"
)

// KeyRequires annotates manifest and index with a JSON array of the references
// of other skills that the skill needs; it is left out where there are none.
const KeyRequires = "dev.toolhive.skills.requires"

// Bounds of an artifact that somebody else made (ARTIFACT.md, "Reading an
// artifact somebody else made"). Sizes are in bytes.
const (
	// MaxManifestSize bounds an index, a manifest and a config: 1 MiB.
	MaxManifestSize = 1 << 20
	// MaxBlobSize bounds any blob that is pulled: 100 MiB.
	MaxBlobSize = 100 << 20
	// MaxLayerSize bounds a compressed layer that is pulled: 50 MiB.
	MaxLayerSize = 50 << 20
	// MaxManifests is the most manifests an index may name.
	MaxManifests = 32
	// MaxLayers is the most layers a manifest may name.
	MaxLayers = 64
)

// Bounds of what a layer unpacks to. SKILL.md does not count as a file, so that
// whatever may be packed may be unpacked. Sizes are in bytes.
const (
	// MaxFiles is the most files besides SKILL.md.
	MaxFiles = 1000
	// MaxFileSize bounds one file: 100 MiB.
	MaxFileSize = 100 << 20
	// MaxUnpackedSize bounds all files together: 500 MiB.
	MaxUnpackedSize = 500 << 20
	// MaxPathSize bounds the path of an entry.
	MaxPathSize = 4096
)
