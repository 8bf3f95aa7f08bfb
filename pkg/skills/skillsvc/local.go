// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// findLocal returns the descriptor of the tag that text means in the local
// store, and the tag: text itself, or the canonical form of the reference that
// it is. The error is errdef.ErrNotFound where there is none.
func findLocal(ctx context.Context, lease *oci.Lease, text string) (ocispec.Descriptor, string, error) {
	desc, err := lease.Resolve(ctx, text)
	if err == nil || !errors.Is(err, errdef.ErrNotFound) {
		return desc, text, err
	}
	ref, parseErr := skills.ParseReference(text)
	if parseErr != nil || ref.String() == text {
		return desc, "", err
	}
	desc, err = lease.Resolve(ctx, ref.String())
	return desc, ref.String(), err
}

// openTag opens the artifact under a tag of the local store; nil if there is
// no such tag.
func (s *Service) openTag(ctx context.Context, tag string) (*source, error) {
	lease := s.Store.Lease()
	desc, err := lease.Resolve(ctx, tag)
	if err != nil {
		lease.Release()
		if errors.Is(err, errdef.ErrNotFound) {
			return nil, nil
		}
		return nil, fmt.Errorf("looking up the tag %q: %w", tag, err)
	}
	src, err := s.openArtifact(ctx, lease, desc)
	if err != nil {
		lease.Release()
		return nil, damaged(tag, err)
	}
	src.reference, src.tag = tag, tag
	read := src.read
	src.read = func(ctx context.Context, visit visitFunc) error {
		if err := read(ctx, visit); err != nil {
			return damaged(tag, err)
		}
		return nil
	}
	return src, nil
}

// openLocalBuild returns the local build that installing name, in version
// unless that is empty, means; nil if there is none. The tag that equals the
// name comes first, then a scan of the builds by declared name.
func (s *Service) openLocalBuild(ctx context.Context, name, version string) (*source, error) {
	src, err := s.openTag(ctx, name)
	if err != nil {
		return nil, err
	}
	if src != nil {
		if src.name != name {
			src.close()
			return nil, skills.Errorf(skills.Unprocessable,
				"the local tag %q holds the skill %q; install that by its own name, or build %q under this tag", name, src.name, name)
		}
		if version == "" || version == src.version {
			return src, nil
		}
		src.close()
	}
	match, found, err := s.scanBuilds(ctx, name, version)
	if err != nil || !found {
		return nil, err
	}
	return s.openTag(ctx, match.Tag)
}

// scanBuilds looks for the one local build whose skill has the name and, with
// a version, whose declared version or whose tag equals it. Among several the
// one tagged with the name wins; otherwise they are a Conflict.
func (s *Service) scanBuilds(ctx context.Context, name, version string) (skills.Build, bool, error) {
	builds, err := s.ListBuilds(ctx)
	if err != nil {
		return skills.Build{}, false, err
	}
	var matches []skills.Build
	for _, build := range builds {
		if build.Name != name || version != "" && version != build.Version && version != build.Tag {
			continue
		}
		if build.Tag == name {
			return build, true, nil
		}
		matches = append(matches, build)
	}
	switch len(matches) {
	case 0:
		return skills.Build{}, false, nil
	case 1:
		return matches[0], true, nil
	}
	candidates := make([]string, len(matches))
	for i, build := range matches {
		candidates[i] = fmt.Sprintf("tag %q (version %q)", build.Tag, build.Version)
	}
	return skills.Build{}, false, skills.Errorf(skills.Conflict,
		"several local builds are the skill %q: %s; say which one with \"version\", which may be a version or a tag",
		name, strings.Join(candidates, ", "))
}
