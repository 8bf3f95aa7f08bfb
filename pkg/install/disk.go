// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	fileMode   fs.FileMode = 0o644
	folderMode fs.FileMode = 0o755
	// baseMode is for a configuration folder of the user's own that skilld has
	// to make (XDG Base Directory specification, "Referencing this specification").
	baseMode fs.FileMode = 0o700
)

// worker does the steps of an operation. Its hook, if there is one, is called
// before each change of the disk and may fail it; tests play a crash with it.
type worker struct {
	hook func(step, path string) error
}

// disk changes what is below one base folder. Paths have '/' separators.
type disk struct {
	root *os.Root
	hook func(step, path string) error
}

// open returns the disk below base; an error that is fs.ErrNotExist if there is
// no such folder.
func (w worker) open(base string) (*disk, error) {
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	return &disk{root: root, hook: w.hook}, nil
}

func (d *disk) close() error { return d.root.Close() }

func (d *disk) before(step, name string) error {
	if d.hook == nil {
		return nil
	}
	return d.hook(step, name)
}

// exists reports whether anything is at the path, a dangling link included.
func (d *disk) exists(name string) (bool, error) {
	_, err := d.root.Lstat(filepath.FromSlash(name))
	if isMissing(err) {
		return false, nil
	}
	return err == nil, d.explain(name, err)
}

// isFolder reports whether a folder is at the path; a link to one is none.
func (d *disk) isFolder(name string) (bool, error) {
	info, err := d.root.Lstat(filepath.FromSlash(name))
	if isMissing(err) {
		return false, nil
	}
	return err == nil && info.IsDir(), d.explain(name, err)
}

// mkdir makes one folder, with its mode whatever the umask is.
func (d *disk) mkdir(name string) error {
	if err := d.before("mkdir", name); err != nil {
		return err
	}
	if err := d.root.Mkdir(filepath.FromSlash(name), folderMode); err != nil {
		return d.explain(name, err)
	}
	return d.root.Chmod(filepath.FromSlash(name), folderMode)
}

func (d *disk) rename(from, to string) error {
	if err := d.before("rename", from); err != nil {
		return err
	}
	return d.explain(from, d.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to)))
}

// remove takes away a file or an empty folder; one that is gone is no error.
func (d *disk) remove(name string) error {
	if err := d.before("remove", name); err != nil {
		return err
	}
	err := d.root.Remove(filepath.FromSlash(name))
	if isMissing(err) {
		return nil
	}
	return d.explain(name, err)
}

// removeAll takes away what is at the path, following no link.
func (d *disk) removeAll(name string) error {
	present, err := d.exists(name)
	if err != nil || !present {
		return err
	}
	if err := d.before("removeAll", name); err != nil {
		return err
	}
	return d.explain(name, d.root.RemoveAll(filepath.FromSlash(name)))
}

// syncFolder makes the entries of a folder durable; one that is gone is no error.
func (d *disk) syncFolder(name string) error {
	if err := d.before("sync", name); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // it cannot do this, and need not
	}
	folder, err := d.root.Open(filepath.FromSlash(name))
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return d.explain(name, err)
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some network file systems have no such call
	}
	return errors.Join(err, folder.Close())
}

// syncFile makes a file's content durable.
func (d *disk) syncFile(name string) error {
	file, err := d.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY, 0) // Windows insists on writing
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// isMissing reports whether err says that nothing is there, be it because a
// file stands where a folder on the way should be.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// explain turns an error about what is at a path into a Conflict that says what
// is in the way, where that is something the user can change.
func (d *disk) explain(name string, err error) error {
	return d.blocked(path.Dir(name), err)
}

// blocked is explain for an error about using a folder.
func (d *disk) blocked(folder string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return skills.Wrap(skills.Conflict, err, "folder %s may not be read or written: permission denied", d.full(folder))
	}
	if link, ok := d.badLink(folder); ok {
		return skills.Wrap(skills.Conflict, err,
			"folder %s cannot be used: %s is a symbolic link that leads nowhere or out of %s",
			d.full(folder), d.full(link), d.root.Name())
	}
	return err
}

// badLink returns the first part of the path that is a symbolic link which
// cannot be followed inside the root.
func (d *disk) badLink(folder string) (string, bool) {
	for _, part := range append(parents(folder), folder) {
		info, err := d.root.Lstat(filepath.FromSlash(part))
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if _, err := d.root.Stat(filepath.FromSlash(part)); err != nil {
			return part, true
		}
	}
	return "", false
}

// full is the path as the user knows it.
func (d *disk) full(name string) string {
	return filepath.Join(d.root.Name(), filepath.FromSlash(name))
}

// parents returns the folders above a path, the topmost first, the base left out.
func parents(name string) []string {
	var list []string
	for i, c := range name {
		if c == '/' {
			list = append(list, name[:i])
		}
	}
	return list
}

// isLocal reports whether a path with '/' separators names something below the
// folder that it is relative to, on this system.
func isLocal(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\\x00") && filepath.IsLocal(filepath.FromSlash(name))
}
