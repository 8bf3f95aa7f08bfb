// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"archive/tar"
	"io/fs"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// maxFolders bounds the folder entries of a layer; files need none.
const maxFolders = MaxFiles

// ledger keeps account of the entries of a layer.
type ledger struct {
	entries []tarEntry
	files   int
	folders int
	// unpacked is how many bytes have come out of files so far.
	unpacked int64
}

// tarEntry is a file or a folder that the layer holds.
type tarEntry struct {
	path   string
	folder bool
}

// add checks an entry by its header, and against the entries before it.
func (l *ledger) add(header *tar.Header) error {
	folder := header.Typeflag == tar.TypeDir
	if folder {
		header.Name = strings.TrimSuffix(header.Name, "/")
	}
	if err := checkHeader(header); err != nil {
		return err
	}
	next := tarEntry{path: header.Name, folder: folder}
	for _, earlier := range l.entries {
		if err := next.clash(earlier); err != nil {
			return err
		}
	}
	l.entries = append(l.entries, next)
	return l.enter(next, header.Size)
}

// enter counts an entry, and the size that its header claims.
func (l *ledger) enter(e tarEntry, size int64) error {
	switch {
	case e.folder:
		l.folders++
	case e.path != skills.SkillFile:
		l.files++
	}
	switch {
	case l.folders > maxFolders:
		return skills.Errorf(skills.Unprocessable, "%s is one folder too many: a layer may have at most %d folder entries", quote(e.path), maxFolders)
	case l.files > MaxFiles:
		return skills.Errorf(skills.Unprocessable, "%s is one file too many: a skill may have at most %d files besides %s", quote(e.path), MaxFiles, skills.SkillFile)
	}
	return l.fits(e.path, size, l.unpacked+size)
}

// count counts n bytes that came out of a file, of which size have come in all.
func (l *ledger) count(path string, size, n int64) error {
	l.unpacked += n
	return l.fits(path, size, l.unpacked)
}

func (*ledger) fits(path string, size, total int64) error {
	switch {
	case size > MaxFileSize:
		return skills.Errorf(skills.Unprocessable, "%s unpacks to over %d bytes (%d MiB), the most for one file", quote(path), MaxFileSize, MaxFileSize>>20)
	case total > MaxUnpackedSize:
		return skills.Errorf(skills.Unprocessable, "with %s the layer unpacks to over %d bytes (%d MiB), the most for a skill", quote(path), MaxUnpackedSize, MaxUnpackedSize>>20)
	}
	return nil
}

func (l *ledger) hasSkillFile() bool {
	for _, e := range l.entries {
		if e.path == skills.SkillFile && !e.folder {
			return true
		}
	}
	return false
}

// clash refuses a second entry for one path, and a path that is both file and
// folder. Paths that differ by case alone are different.
func (e tarEntry) clash(earlier tarEntry) error {
	switch {
	case e.path == earlier.path:
		return skills.Errorf(skills.Unprocessable, "the layer has two entries for %s", quote(e.path))
	case !earlier.folder && inside(e.path, earlier.path):
		return skills.Errorf(skills.Unprocessable, "%s cannot be in %s, which is a file", quote(e.path), quote(earlier.path))
	case !e.folder && inside(earlier.path, e.path):
		return skills.Errorf(skills.Unprocessable, "%s cannot be in %s, which is a file", quote(earlier.path), quote(e.path))
	}
	return nil
}

// inside reports whether path is below folder.
func inside(path, folder string) bool {
	return len(path) > len(folder) && path[len(folder)] == '/' && path[:len(folder)] == folder
}

// checkHeader refuses an entry that no skill has.
func checkHeader(header *tar.Header) error {
	path := header.Name
	switch {
	case len(path) > MaxPathSize:
		return skills.Errorf(skills.Unprocessable, "the path %s has %d bytes; at most %d are allowed", quote(path), len(path), MaxPathSize)
	case header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeDir:
		return skills.Errorf(skills.Unprocessable, "%s is a %s; a layer may hold only regular files and folders", quote(path), entryType(header.Typeflag))
	case strings.HasPrefix(path, "/"):
		return skills.Errorf(skills.Unprocessable, "the path %s is absolute; paths must be relative to the skill's folder", quote(path))
	case strings.ContainsAny(path, "\\\x00"):
		return skills.Errorf(skills.Unprocessable, "the path %s holds a backslash or a NUL byte", quote(path))
	case path == "." || !fs.ValidPath(path):
		return skills.Errorf(skills.Unprocessable, "the path %s is not plain: it must be UTF-8 without empty, \".\" or \"..\" segments", quote(path))
	case header.Size < 0 || header.Typeflag == tar.TypeDir && header.Size > 0:
		return skills.Errorf(skills.Unprocessable, "%s has an impossible size", quote(path))
	case isSparse(header):
		return skills.Errorf(skills.Unprocessable, "%s is a sparse file; a layer may hold only plain ones", quote(path))
	}
	return nil
}

// isSparse reports whether a file has holes: it would unpack to more than the
// archive holds.
func isSparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func entryType(flag byte) string {
	switch flag {
	case tar.TypeLink:
		return "hard link"
	case tar.TypeSymlink:
		return "symbolic link"
	case tar.TypeChar, tar.TypeBlock:
		return "device"
	case tar.TypeFifo:
		return "FIFO"
	case tar.TypeGNUSparse:
		return "sparse file"
	case tar.TypeXGlobalHeader:
		return "global header"
	default:
		return "entry of an unknown type"
	}
}
