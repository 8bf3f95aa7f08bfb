// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"path"

	"github.com/skilld/skilld/pkg/skills"
)

// Undo brings back what was there before an operation that is not committed,
// however far it came, and removes its new folders. It may be called again
// after it, or skilld, was stopped midway; a base folder that is gone is no
// error. When Undo returns nil, the journal's entry can go.
//
// It does what it can for every folder and then returns the errors together. A
// Conflict error says that somebody has put another folder where the former one
// has to come back; neither is touched.
func Undo(op skills.Operation) error { return worker{}.undo(op) }

func (w worker) undo(op skills.Operation) error {
	return w.each(op, func(d *disk, m skills.Move) error {
		if m.Staged == "" {
			return d.bringBack(m)
		}
		// By rename, so that at no time half of the new folder is at the path.
		if err := d.takeOut(op.ID, m); err != nil {
			return err
		}
		return errors.Join(d.bringBack(m), d.removeAll(m.Staged))
	})
}

// Finish removes what a committed operation has left over: the backups, and the
// marks in the new folders. It may be called again after it, or skilld, was
// stopped midway; folders that are gone are no error. When Finish returns nil,
// the journal's entry can go.
func Finish(op skills.Operation) error { return worker{}.finish(op) }

func (w worker) finish(op skills.Operation) error {
	return w.each(op, func(d *disk, m skills.Move) error {
		var errs []error
		if m.Backup != "" {
			errs = append(errs, d.removeAll(m.Backup))
		}
		if m.Staged != "" {
			errs = append(errs, d.removeAll(m.Staged), d.unmark(op.ID, m.Path))
		}
		return errors.Join(errs...)
	})
}

// each does the step for every move whose base is there, failures or not, and
// makes what it did durable.
func (w worker) each(op skills.Operation, step func(*disk, skills.Move) error) error {
	var errs []error
	for _, m := range op.Moves {
		d, err := w.open(m.Base)
		if isMissing(err) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err = step(d, m); err == nil {
			err = d.syncFolder(path.Dir(m.Path))
		}
		errs = append(errs, err, d.close())
	}
	return errors.Join(errs...)
}

// takeOut moves the new folder from the target back to where it was prepared.
func (d *disk) takeOut(id string, m skills.Move) error {
	marked, err := d.isMarked(id, m.Path)
	if err != nil || !marked {
		return err
	}
	if err := d.removeAll(m.Staged); err != nil {
		return err
	}
	return d.rename(m.Path, m.Staged)
}

// bringBack moves the former folder, if there was one, back to the target.
func (d *disk) bringBack(m skills.Move) error {
	if m.Backup == "" {
		return nil
	}
	waiting, err := d.exists(m.Backup)
	if err != nil || !waiting {
		return err
	}
	taken, err := d.exists(m.Path)
	if err != nil {
		return err
	}
	if taken {
		return skills.Errorf(skills.Conflict,
			"an interrupted change of %s cannot be undone, because something new is there; remove it, or the former folder, which is at %s",
			d.full(m.Path), d.full(m.Backup))
	}
	return d.rename(m.Backup, m.Path)
}

// isMarked reports whether the folder at the path is one that the operation made.
func (d *disk) isMarked(id, name string) (bool, error) {
	if there, err := d.isFolder(name); err != nil || !there {
		return false, err
	}
	return d.exists(path.Join(name, marker(id)))
}

// unmark makes the new folder an ordinary one.
func (d *disk) unmark(id, name string) error {
	marked, err := d.isMarked(id, name)
	if err != nil || !marked {
		return err
	}
	if err := d.remove(path.Join(name, marker(id))); err != nil {
		return err
	}
	return d.syncFolder(name)
}
