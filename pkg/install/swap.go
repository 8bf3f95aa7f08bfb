// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"path"

	"github.com/skilld/skilld/pkg/skills"
)

// Swap exchanges the folders: what is at each path becomes its backup, and the
// staged folder, if there is one, takes its place. A symbolic link at a path is
// itself moved, never followed. When Swap returns nil, the exchange is durable;
// when it fails, [Undo] is due.
//
// It returns a Conflict error where something is at a path that was free when
// the operation was planned.
func Swap(op skills.Operation) error { return worker{}.swap(op) }

func (w worker) swap(op skills.Operation) error {
	for _, m := range op.Moves {
		if err := w.swapOne(m); err != nil {
			return err
		}
	}
	return nil
}

func (w worker) swapOne(m skills.Move) (err error) {
	d, err := w.open(m.Base)
	if isMissing(err) && m.Staged == "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()

	present, err := d.exists(m.Path)
	switch {
	case err != nil:
		return err
	case present && m.Backup == "":
		return skills.Errorf(skills.Conflict, "%s came into being while the skill was being installed; try again", d.full(m.Path))
	case present:
		if err := d.rename(m.Path, m.Backup); err != nil {
			return err
		}
	}
	if m.Staged != "" {
		if err := d.rename(m.Staged, m.Path); err != nil {
			return err
		}
	}
	return d.syncFolder(path.Dir(m.Path))
}
