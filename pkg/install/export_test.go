// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"io"

	"github.com/skilld/skilld/pkg/skills"
)

// Worker does the steps of an operation and calls the hook before each change
// of the disk.
type Worker struct{ Hook func(step, path string) error }

func (w Worker) Stage(ctx context.Context, op skills.Operation, fill func(func(string, io.Reader) error) error) error {
	return worker{w.Hook}.stage(ctx, op, fill)
}
func (w Worker) Swap(op skills.Operation) error   { return worker{w.Hook}.swap(op) }
func (w Worker) Undo(op skills.Operation) error   { return worker{w.Hook}.undo(op) }
func (w Worker) Finish(op skills.Operation) error { return worker{w.Hook}.finish(op) }
