// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"maps"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/skilld/skilld/pkg/oci"
)

// markLocalBuild returns the artifact's descriptor with the marker that tells a
// local build from a pull, and with what a list of builds shows, so that the
// list needs no blobs. All that stands on the tag's descriptor in the store's
// index.json, never in a manifest: the digest stays the same, and nothing of it
// leaves the machine.
func markLocalBuild(artifact oci.Artifact) ocispec.Descriptor {
	desc := artifact.Descriptor
	desc.Annotations = maps.Clone(desc.Annotations)
	if desc.Annotations == nil {
		desc.Annotations = make(map[string]string, 4)
	}
	desc.Annotations[oci.AnnotationLocalBuild] = "true"
	desc.Annotations[oci.KeyName] = artifact.Name
	desc.Annotations[oci.KeyDescription] = artifact.Description
	desc.Annotations[oci.KeyVersion] = artifact.Version
	return desc
}

// isLocalBuild reports whether a local build made the tag of this descriptor.
func isLocalBuild(desc ocispec.Descriptor) bool {
	return desc.Annotations[oci.AnnotationLocalBuild] == "true"
}
