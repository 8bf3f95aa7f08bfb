// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"fmt"
	"slices"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

// Uninstall removes a skill's folders, its record and its group membership;
// see [skills.Service]. A folder that is already gone is no error.
func (s *Service) Uninstall(ctx context.Context, key skills.Key) error {
	key, err := checkKey(key)
	if err != nil {
		return err
	}
	unlock, err := s.installs.lock(ctx, key.Name)
	if err != nil {
		return err
	}
	defer unlock()

	record, err := s.State.Skill(ctx, key)
	if err != nil {
		return err
	}
	// A folder that is gone, or that somebody put something else into, is not ours to remove.
	ours := slices.DeleteFunc(record.Targets, func(t skills.Target) bool { return !install.Present(t) })
	op := install.PlanRemoval(newOperationID(), key, ours)
	return s.perform(ctx, op, change{
		commit: func(ctx context.Context) error { return s.State.CommitRemoval(ctx, op.ID, key) },
		what:   fmt.Sprintf("uninstalling %s", key.Name),
	})
}
