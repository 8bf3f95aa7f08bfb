// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

// change is what an operation does besides moving folders.
type change struct {
	// what names the change in errors, such as "installing x".
	what string
	// stage writes the new folders; nil where there are none.
	stage func(ctx context.Context) error
	// commit makes the change final, in the record and the journal at once.
	commit func(ctx context.Context) error
}

// settleTime bounds the clean-up of a change whose caller may be gone.
const settleTime = time.Minute

// perform carries out a journalled change of client folders. Either all of it
// has happened when it returns nil, or none when it returns an error; a crash
// in between is settled by Recover.
func (s *Service) perform(ctx context.Context, op skills.Operation, c change) error {
	if err := s.State.Begin(ctx, op); err != nil {
		return fmt.Errorf("%s: %w", c.what, err)
	}
	err := s.carryOut(ctx, &op, c)

	// Whatever became of the caller, the folders must be left in order.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if failure := s.settle(ctx, op); failure != nil {
		s.Log.ErrorContext(ctx, "a change is left to be settled at the next start", "skill", op.Key.Name, "phase", op.Phase, "error", failure)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.what, err)
	}
	return nil
}

// carryOut takes the operation to its commit and keeps op.Phase up to date.
func (s *Service) carryOut(ctx context.Context, op *skills.Operation, c change) error {
	if c.stage != nil {
		if err := c.stage(ctx); err != nil {
			return err
		}
	}
	if err := s.State.Advance(ctx, op.ID, skills.PhaseSwapping); err != nil {
		return err
	}
	op.Phase = skills.PhaseSwapping
	if err := install.Swap(*op); err != nil {
		return err
	}
	// A caller that leaves now must not leave the outcome in doubt.
	if err := c.commit(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	op.Phase = skills.PhaseCommitted
	return nil
}

// settle finishes a committed operation and undoes any other, then forgets it.
func (s *Service) settle(ctx context.Context, op skills.Operation) error {
	settle := install.Undo
	if op.Phase == skills.PhaseCommitted {
		settle = install.Finish
	}
	if err := settle(op); err != nil {
		return err
	}
	return s.State.End(ctx, op.ID)
}

// newOperationID returns a random name that is safe in a file name.
func newOperationID() string { return strings.ToLower(rand.Text()) }
