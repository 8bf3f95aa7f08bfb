// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// ListBuilds returns the local builds sorted by tag; see [skills.Service]. A
// build whose blobs are damaged or gone is left out and logged.
func (s *Service) ListBuilds(ctx context.Context) ([]skills.Build, error) {
	// The generation is read first: what changes meanwhile makes the list old.
	tags := s.Store.Generation()
	inventory, err := s.Store.Inventory(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the builds: %w", err)
	}
	state := storeState{tags: tags, blobs: inventory.Version()}
	s.builds.mu.Lock()
	defer s.builds.mu.Unlock()
	if s.builds.known && s.builds.state == state {
		return s.builds.builds, nil
	}
	builds := []skills.Build{}
	for desc := range s.Store.Tagged() {
		if !isLocalBuild(desc) {
			continue
		}
		build, err := s.describeBuild(ctx, inventory, desc)
		if err != nil {
			s.Log.WarnContext(ctx, "a build is left out of the list", "tag", build.Tag, "error", err)
			continue
		}
		builds = append(builds, build)
	}
	s.builds.builds, s.builds.state, s.builds.known = builds, state, true
	return builds, nil
}

// DeleteBuild removes a tag of the local store; see [skills.Service].
func (s *Service) DeleteBuild(ctx context.Context, tag string) error {
	err := s.Store.Untag(ctx, tag)
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return skills.Wrap(skills.NotFound, err, "there is no build with the tag %q; GET /api/v1beta/skills/builds lists them", tag)
	case err != nil:
		return fmt.Errorf("deleting the build %q: %w", tag, err)
	}
	return nil
}

// storeState changes with the tags and with the blobs on disk.
type storeState struct{ tags, blobs uint64 }

// buildList keeps the list of builds until the store changes.
type buildList struct {
	mu sync.Mutex
	// state says of which state of the store the list is.
	state  storeState
	known  bool
	builds []skills.Build
}

// describeBuild reads a build's name, version and description from its tag's
// descriptor, or from its blobs where the descriptor does not have them.
func (s *Service) describeBuild(ctx context.Context, inventory oci.Inventory, desc ocispec.Descriptor) (skills.Build, error) {
	build := skills.Build{
		Tag:         desc.Annotations[ocispec.AnnotationRefName],
		Digest:      desc.Digest.String(),
		Name:        desc.Annotations[oci.KeyName],
		Description: desc.Annotations[oci.KeyDescription],
		Version:     desc.Annotations[oci.KeyVersion],
	}
	if !inventory.Has(desc) {
		return build, errors.New("a blob is damaged or gone")
	}
	if build.Name != "" {
		return build, nil
	}
	lease := s.Store.Lease()
	defer lease.Release()
	artifact, err := oci.ReadArtifact(ctx, lease, desc)
	if err != nil {
		return build, err
	}
	build.Name, build.Description, build.Version = artifact.Name, artifact.Description, artifact.Version
	return build, nil
}
