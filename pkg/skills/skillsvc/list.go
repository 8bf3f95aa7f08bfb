// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"

	"github.com/skilld/skilld/pkg/skills"
)

// List returns the installed skills that match; see [skills.Service].
func (s *Service) List(ctx context.Context, opts skills.ListOptions) ([]skills.InstalledSkill, error) {
	if err := checkScope(opts.Scope); err != nil {
		return nil, err
	}
	if opts.ProjectRoot != "" {
		if err := skills.CheckPath("project_root", opts.ProjectRoot); err != nil {
			return nil, err
		}
		opts.ProjectRoot = cleanRoot(opts.ProjectRoot)
	}
	return s.State.Skills(ctx, opts)
}

// Info returns one installed skill; see [skills.Service].
func (s *Service) Info(ctx context.Context, key skills.Key) (skills.SkillInfo, error) {
	key, err := checkKey(key)
	if err != nil {
		return skills.SkillInfo{}, err
	}
	record, err := s.State.Skill(ctx, key)
	if err != nil {
		return skills.SkillInfo{}, err
	}
	return skills.SkillInfo{Metadata: record.Metadata, Installed: record}, nil
}
