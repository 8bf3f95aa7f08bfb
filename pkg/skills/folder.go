// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds of a skill's folder. SKILL.md itself counts for neither.
const (
	// MaxFiles is the most files a skill may have besides SKILL.md.
	MaxFiles = 1000
	// MaxTotalSize is the most bytes those files may have together (95 MiB).
	MaxTotalSize = 95 << 20
)

// ListFiles returns the files below root that make up a skill, SKILL.md among
// them, sorted by path as bytes. Whatever has a name that begins with '.' is
// left out, and a hidden folder is not entered.
//
// It returns an Invalid error that names the file for a symbolic link or
// anything else that is neither file nor folder, and where there is no
// SKILL.md; and an Unprocessable one where MaxFiles or MaxTotalSize is passed.
func ListFiles(root *os.Root) ([]File, error) {
	var files []File
	others, total := 0, int64(0)
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return unreadable(name, err)
		case name == ".":
			return nil
		case strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return Errorf(Invalid, "%s is a %s; a skill may hold only regular files and folders", name, typeName(entry.Type()))
		}
		info, err := entry.Info()
		if err != nil {
			return unreadable(name, err)
		}
		files = append(files, File{Path: name, Size: info.Size()})
		if name == SkillFile {
			return nil
		}
		others, total = others+1, total+info.Size()
		if others > MaxFiles {
			return Errorf(Unprocessable, "%s is one file too many: a skill may have at most %d files besides %s", name, MaxFiles, SkillFile)
		}
		if total > MaxTotalSize {
			return Errorf(Unprocessable, "with %s (%d bytes) the skill's files come to %d bytes; at most %d (95 MiB) are allowed besides %s",
				name, info.Size(), total, MaxTotalSize, SkillFile)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if _, found := slices.BinarySearchFunc(files, SkillFile, func(f File, p string) int { return strings.Compare(f.Path, p) }); !found {
		return nil, Errorf(Invalid, "the folder has no %s", SkillFile)
	}
	return files, nil
}

// unreadable blames the file, with what the system said but not where we are.
func unreadable(name string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return Wrap(Invalid, err, "%s cannot be read: %v", path.Clean(name), pathErr.Err)
	}
	return Wrap(Invalid, err, "%s cannot be read", path.Clean(name))
}

func typeName(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "FIFO"
	case mode&fs.ModeSocket != 0:
		return "socket"
	default:
		return "device or special file"
	}
}
