// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// copyBuffer is what one file passes through on its way to all folders, in bytes.
	copyBuffer = 128 << 10
	// syncs is how many files are made durable at a time: file systems settle
	// many such requests at the price of one.
	syncs = 16
	// attempts is how often a new folder is tried to be made while others change
	// the folders above it.
	attempts = 5
)

// Stage prepares the operation's new folders beside their targets. It calls
// fill once; fill calls write for each file of the skill, with its path
// relative to the skill's folder and its content, which is read once whatever
// the number of targets. Files get mode 0644 and folders 0755. When Stage
// returns nil, all is durable.
//
// It returns fill's and the reader's errors as they are; an Unprocessable error
// for a path that is not local or that the skill has twice, as a file system
// sees it; a Conflict error where a target's parents cannot be made; and an
// Invalid one where the project's root is gone. On an error it takes away what
// it made, the parents of the targets included.
func Stage(ctx context.Context, op skills.Operation, fill func(write func(path string, r io.Reader) error) error) error {
	return worker{}.stage(ctx, op, fill)
}

func (w worker) stage(ctx context.Context, op skills.Operation, fill func(write func(path string, r io.Reader) error) error) (err error) {
	s := stagers{made: map[string]bool{}, buffer: make([]byte, copyBuffer)}
	defer func() {
		if err != nil {
			s.discard()
		}
		err = errors.Join(err, s.close())
	}()
	for _, m := range op.Moves {
		if m.Staged == "" {
			continue
		}
		if err := s.add(w, op, m); err != nil {
			return err
		}
	}
	if err := fill(func(name string, r io.Reader) error { return s.write(ctx, name, r) }); err != nil {
		return err
	}
	return s.sync(ctx)
}

// stagers are the new folders of an operation.
type stagers struct {
	folders []*stager
	// made are the folders below the new folders that exist.
	made   map[string]bool
	buffer []byte
}

// stager is one new folder.
type stager struct {
	*disk
	// staged is the path of the new folder.
	staged string
	// parents are the folders above it that were made for it, the topmost first.
	parents []string
}

// add makes a new folder, and the parents that it lacks, with the marker in it.
func (s *stagers) add(w worker, op skills.Operation, m skills.Move) error {
	d, err := w.open(m.Base)
	if isMissing(err) {
		if op.Key.Scope == skills.ScopeProject {
			return noProject(m.Base, err)
		}
		if err = os.MkdirAll(m.Base, baseMode); err == nil {
			d, err = w.open(m.Base)
		}
	}
	if err != nil {
		return skills.Wrap(skills.Conflict, err, "folder %s cannot be opened", m.Base)
	}
	f := &stager{disk: d, staged: m.Staged}
	s.folders = append(s.folders, f)
	if err := f.makeFolder(); err != nil {
		return err
	}
	file, err := f.create(marker(op.ID))
	if err != nil {
		return err
	}
	return file.Close()
}

// makeFolder makes the new folder and the parents that it lacks. Another
// installation may make a parent too, or take away one that it had made, so
// what fails for that is tried again.
func (f *stager) makeFolder() error {
	for left := attempts; ; left-- {
		err := f.makeParents()
		if err == nil {
			err = f.mkdir(f.staged)
		}
		if left == 1 || !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
}

// makeParents makes the folders above the new one, as far as they are missing.
func (f *stager) makeParents() error {
	for _, parent := range parents(f.staged) {
		info, err := f.root.Stat(filepath.FromSlash(parent))
		switch {
		case err == nil && info.IsDir():
			continue
		case err == nil:
			return skills.Errorf(skills.Conflict, "%s is a file where a folder is needed", f.full(parent))
		case !errors.Is(err, fs.ErrNotExist):
			return f.blocked(parent, err)
		}
		if err := f.before("mkdir", parent); err != nil {
			return err
		}
		// The umask counts here: these folders are the client's, and hold more
		// than skills.
		if err := f.root.Mkdir(filepath.FromSlash(parent), folderMode); err != nil {
			return f.blocked(parent, err)
		}
		f.parents = append(f.parents, parent)
		if err := f.syncFolder(path.Dir(parent)); err != nil {
			return err
		}
	}
	return nil
}

// create makes a file in the new folder.
func (f *stager) create(name string) (*os.File, error) {
	name = path.Join(f.staged, name)
	if err := f.before("create", name); err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(fileMode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// write puts one file into every new folder.
func (s *stagers) write(ctx context.Context, name string, r io.Reader) error {
	if !isLocal(name) {
		return skills.Errorf(skills.Unprocessable, "%.200q is not a path that a file of a skill can have", name)
	}
	files, err := s.create(name)
	if err == nil {
		writers := make([]io.Writer, len(files))
		for i, file := range files {
			writers[i] = file
		}
		_, err = io.CopyBuffer(io.MultiWriter(writers...), reader{ctx, r}, s.buffer)
	}
	for _, file := range files {
		err = errors.Join(err, file.Close())
	}
	return err
}

// create makes one file in every new folder. On an error it returns those that
// are open already.
func (s *stagers) create(name string) ([]*os.File, error) {
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return nil, unfit(name, err)
	}
	files := make([]*os.File, 0, len(s.folders))
	for _, f := range s.folders {
		file, err := f.create(name)
		if err != nil {
			return files, unfit(name, err)
		}
		files = append(files, file)
	}
	return files, nil
}

// mkdirs makes a folder of the skill, and those above it, in every new folder.
func (s *stagers) mkdirs(name string) error {
	if name == "." || s.made[name] {
		return nil
	}
	if err := s.mkdirs(path.Dir(name)); err != nil {
		return err
	}
	for _, f := range s.folders {
		if err := f.mkdir(path.Join(f.staged, name)); err != nil {
			return err
		}
	}
	s.made[name] = true
	return nil
}

// unfit makes an Unprocessable error of those failures to make a file that are
// the fault of its path.
func unfit(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return skills.Wrap(skills.Unprocessable, err, "the skill has two files that need the path %.200q", name)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return skills.Wrap(skills.Unprocessable, err, "%.200q is not a path that a file can have on this system", name)
	}
	return err
}

// sync makes the new folders durable: the files first, then the folders.
func (s *stagers) sync(ctx context.Context) error {
	var files, folders []func() error
	for _, f := range s.folders {
		err := fs.WalkDir(f.root.FS(), f.staged, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				folders = append(folders, func() error { return f.syncFolder(name) })
			default:
				files = append(files, func() error { return errors.Join(ctx.Err(), f.syncFile(name)) })
			}
			return nil
		})
		if err != nil {
			return err
		}
		folders = append(folders, func() error { return f.syncFolder(path.Dir(f.staged)) })
	}
	if err := together(files); err != nil {
		return err
	}
	return together(folders)
}

// together runs all the tasks, syncs of them at a time, and returns the first
// failure.
func together(tasks []func() error) error {
	var group errgroup.Group
	group.SetLimit(syncs)
	for _, task := range tasks {
		group.Go(task)
	}
	return group.Wait()
}

// discard takes away what Stage made, as far as it can.
func (s *stagers) discard() {
	for _, f := range slices.Backward(s.folders) {
		_ = f.removeAll(f.staged) // best effort: Undo tries again and reports
		for _, parent := range slices.Backward(f.parents) {
			_ = f.remove(parent) // fails, as it should, if somebody has put something there
		}
	}
}

func (s *stagers) close() error {
	var errs []error
	for _, f := range s.folders {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// reader stops when its context ends. It also hides what else r can do, so that
// the copy stays in steps of the buffer's size.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("the install was stopped: %w", err)
	}
	return r.r.Read(p)
}
