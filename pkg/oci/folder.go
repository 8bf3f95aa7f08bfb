// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/skilld/skilld/pkg/skills"
)

// folder is a skill's folder as it was when it was listed.
type folder struct {
	root  *os.Root
	files []skills.File
	head  skills.Frontmatter
	// skillFile is what SKILL.md was when its frontmatter was read.
	skillFile fs.FileInfo
}

// scan lists the folder and reads its frontmatter.
func scan(root *os.Root) (folder, error) {
	files, err := skills.ListFiles(root)
	if err != nil {
		return folder{}, err
	}
	for _, file := range files {
		if err := checkStorable(file.Path); err != nil {
			return folder{}, err
		}
	}
	f := folder{root: root, files: files}
	if err := f.readHead(); err != nil {
		return folder{}, err
	}
	return f, skills.ValidateName(f.head.Name)
}

func (f *folder) readHead() error {
	file, info, err := openFile(f.root, skills.SkillFile)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read from
	f.skillFile = info
	f.head, err = skills.ReadFrontmatter(file)
	return unreadable(skills.SkillFile, err)
}

func (f *folder) paths() []string {
	paths := make([]string, len(f.files))
	for i, file := range f.files {
		paths[i] = file.Path
	}
	return paths
}

// checkStorable refuses a path that the artifact could carry but nobody could
// unpack: tar's PAX records are UTF-8, and a backslash separates folders on
// some systems.
func checkStorable(path string) error {
	switch {
	case !utf8.ValidString(path):
		return skills.Errorf(skills.Invalid, "the path %q is not UTF-8; rename the file", path)
	case strings.ContainsRune(path, '\\'):
		return skills.Errorf(skills.Invalid, "the path %q has a backslash in it; rename the file", path)
	case len(path) > MaxPathSize:
		return skills.Errorf(skills.Invalid, "the path %q… has %d bytes; at most %d are allowed", path[:80], len(path), MaxPathSize)
	}
	return nil
}

// openFile opens a regular file and nothing else: what was put in its place
// since it was listed, a symbolic link say, is refused.
func openFile(root *os.Root, path string) (*os.File, fs.FileInfo, error) {
	listed, err := root.Lstat(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	if !listed.Mode().IsRegular() {
		return nil, nil, changed(path)
	}
	// Not blocking, lest a FIFO that was swapped in just now holds us up.
	file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	opened, err := file.Stat()
	switch {
	case err != nil:
		err = unreadable(path, err)
	case !os.SameFile(listed, opened):
		err = changed(path)
	default:
		return file, opened, nil
	}
	return nil, nil, errors.Join(err, file.Close())
}

// changed is the error for a file that somebody is working on.
func changed(path string) error {
	return skills.Errorf(skills.Invalid, "%s changed while it was read; build again when nobody writes to the folder", path)
}

// unreadable blames the file for a failure to read it. Errors that have a kind,
// and the end of a context, are returned as they are.
func unreadable(path string, err error) error {
	var kinded *skills.Error
	var failure *fs.PathError
	switch {
	case err == nil || errors.As(err, &kinded):
		return err
	case errors.As(err, &failure):
		return skills.Wrap(skills.Invalid, err, "%s cannot be read: %v", path, failure.Err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return changed(path)
	default:
		return err
	}
}

// unchanged reports whether a file is still what it was.
func unchanged(before, after fs.FileInfo) bool {
	return os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}
