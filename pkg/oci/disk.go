// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
)

// The steps that change a disk, as its fault function is told of them.
const (
	stepCreate  = "create"
	stepWrite   = "write"
	stepSync    = "sync"
	stepRename  = "rename"
	stepLink    = "link"
	stepRemove  = "remove"
	stepSyncDir = "sync folder"
)

// disk is a folder that the store writes. Every change of it goes through here,
// so that whatever the disk refuses reaches callers as one kind of error (see
// [diskError]), and tests can make each step fail.
type disk struct {
	root *os.Root
	// fault is asked before each change and may fail it; nil outside tests.
	fault func(step, name string) error
}

// do runs a step that changes the file or folder name.
func (d *disk) do(step, name string, change func() error) error {
	if d.fault != nil {
		if err := d.fault(step, name); err != nil {
			return diskError(err)
		}
	}
	return diskError(change())
}

// open returns the disk of a folder below this one.
func (d *disk) open(dir string) (*disk, error) {
	root, err := d.root.OpenRoot(dir)
	if err != nil {
		return nil, diskError(err)
	}
	return &disk{root: root, fault: d.fault}, nil
}

func (d *disk) close() error { return d.root.Close() }

// create makes a file that is not there yet.
func (d *disk) create(name string) (*diskFile, error) {
	f := &diskFile{disk: d, name: name}
	err := d.do(stepCreate, name, func() (err error) {
		f.File, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d *disk) rename(from, to string) error {
	return d.do(stepRename, to, func() error { return d.root.Rename(from, to) })
}

func (d *disk) link(from, to string) error {
	return d.do(stepLink, to, func() error { return d.root.Link(from, to) })
}

// remove takes a file away; that there is none is no error.
func (d *disk) remove(name string) error {
	return d.do(stepRemove, name, func() error {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// syncDir makes the names in a folder durable.
func (d *disk) syncDir(dir string) error {
	return d.do(stepSyncDir, dir, func() error {
		if runtime.GOOS == "windows" {
			return nil // a folder cannot be flushed there; NTFS journals its names
		}
		f, err := d.root.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// replace writes a file so that, at any moment and after any crash, either the
// old or the new content is there whole: a temporary file in the same folder,
// fsync, rename, fsync of the folder. Only one call at a time may write the
// same name.
func (d *disk) replace(name string, write func(io.Writer) error) error {
	if err := d.stage(name, write); err != nil {
		return err
	}
	return d.publish(name)
}

// tempSuffix ends the name of a file that is to replace another. One name is
// enough, so that nothing piles up after crashes.
const tempSuffix = ".new"

// stage is the first half of replace: the temporary file, made durable.
func (d *disk) stage(name string, write func(io.Writer) error) error {
	temp := name + tempSuffix
	if err := d.writeTemp(temp, write); err != nil {
		return afterwards(err, d.remove(temp))
	}
	return nil
}

// publish is the second half of replace.
func (d *disk) publish(name string) error {
	temp := name + tempSuffix
	if err := d.rename(temp, name); err != nil {
		return afterwards(err, d.remove(temp))
	}
	return d.syncDir(path.Dir(name))
}

func (d *disk) writeTemp(temp string, write func(io.Writer) error) (err error) {
	if err := d.remove(temp); err != nil {
		return err
	}
	f, err := d.create(temp)
	if err != nil {
		return err
	}
	defer func() { err = afterwards(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 256<<10)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// afterwards returns err with what went wrong in cleaning up after it. Where
// nothing did, err stays as it is, and its cause can be followed.
func afterwards(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}

// diskFile is a file that is being written.
type diskFile struct {
	*os.File
	disk *disk
	name string
}

// Write implements [io.Writer].
func (f *diskFile) Write(p []byte) (n int, err error) {
	err = f.disk.do(stepWrite, f.name, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

// Sync makes what was written durable.
func (f *diskFile) Sync() error {
	return f.disk.do(stepSync, f.name, f.File.Sync)
}
