// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"cmp"
	"context"
	"fmt"

	"github.com/skilld/skilld/pkg/skills"
)

// Validate checks a skill folder; see [skills.Service].
func (s *Service) Validate(ctx context.Context, path string) (skills.ValidationResult, error) {
	if err := skills.CheckPath("path", path); err != nil {
		return skills.ValidationResult{}, err
	}
	return skills.Validate(ctx, path, s.openFolder)
}

// Build packages a folder and tags the artifact; see [skills.Service]. The
// tag and its marker appear together or not at all.
func (s *Service) Build(ctx context.Context, opts skills.BuildOptions) (skills.BuildResult, error) {
	if err := skills.CheckPath("path", opts.Path); err != nil {
		return skills.BuildResult{}, err
	}
	if opts.Tag != "" {
		if err := skills.ValidateTag(opts.Tag); err != nil {
			return skills.BuildResult{}, err
		}
	}
	root, err := s.openFolder(opts.Path)
	if err != nil {
		return skills.BuildResult{}, skills.FolderError(opts.Path, err)
	}
	defer func() { _ = root.Close() }()

	lease := s.Store.Lease()
	defer lease.Release()
	artifact, err := s.Packager.Package(ctx, root, lease)
	if err != nil {
		return skills.BuildResult{}, fmt.Errorf("building %s: %w", opts.Path, err)
	}
	tag := cmp.Or(opts.Tag, artifact.Name)
	if err := lease.Tag(ctx, markLocalBuild(artifact), tag); err != nil {
		return skills.BuildResult{}, fmt.Errorf("tagging the build of %s: %w", opts.Path, err)
	}
	return skills.BuildResult{Reference: tag, Digest: artifact.Descriptor.Digest.String()}, nil
}
