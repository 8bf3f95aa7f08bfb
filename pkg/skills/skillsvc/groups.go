// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"

	"github.com/skilld/skilld/pkg/skills"
)

// ListGroups returns all groups; see [skills.Groups].
func (s *Service) ListGroups(ctx context.Context) ([]skills.Group, error) {
	return s.State.Groups(ctx)
}

// Group returns one group; see [skills.Groups].
func (s *Service) Group(ctx context.Context, name string) (skills.Group, error) {
	if err := skills.ValidateGroupName(name); err != nil {
		return skills.Group{}, err
	}
	return s.State.Group(ctx, name)
}

// CreateGroup makes an empty group; see [skills.Groups].
func (s *Service) CreateGroup(ctx context.Context, name string) error {
	if err := skills.ValidateGroupName(name); err != nil {
		return err
	}
	return s.State.CreateGroup(ctx, name)
}

// DeleteGroup removes a group; see [skills.Groups].
func (s *Service) DeleteGroup(ctx context.Context, name string) error {
	if err := skills.ValidateGroupName(name); err != nil {
		return err
	}
	return s.State.DeleteGroup(ctx, name)
}
