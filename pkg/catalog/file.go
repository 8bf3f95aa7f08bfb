// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

// settled is how long after a change a file's modification time tells the next
// change for sure: the coarsest file systems count in steps of two seconds.
const settled = 2 * time.Second

// file reads a catalogue file again whenever it has changed.
type file struct {
	path string
	log  *slog.Logger
	now  func() time.Time

	mu sync.Mutex
	// good is what the file held when it last was a catalogue; nil before that.
	good *snapshot
	// parsed is what the last parsing ended with, that of the bytes with sum.
	parsed error
	sum    [sha256.Size]byte
	// stamp is the file that was read last, and read when that was.
	stamp fs.FileInfo
	read  time.Time
	// reported is the failure that the log has; it need not be told twice.
	reported string
}

// get returns what the file holds, or last held where it is no catalogue now.
func (f *file) get(ctx context.Context) (*snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.refresh()
	if err == nil {
		f.reported = ""
		return f.good, nil
	}
	if f.good == nil {
		return nil, err
	}
	if f.reported != err.Error() {
		f.reported = err.Error()
		f.log.Warn("the catalogue file cannot be used; what it held before is kept", "path", f.path, "error", err)
	}
	return f.good, nil
}

// refresh reads the file if it has changed, and takes it as the catalogue if
// its bytes are new.
func (f *file) refresh() error {
	info, err := f.stat()
	if err != nil {
		return err
	}
	if f.unchanged(info) {
		return f.parsed
	}
	text, stamp, err := f.bytes()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	same := f.stamp != nil && f.sum == sum
	f.stamp, f.sum, f.read = stamp, sum, f.now()
	if !same {
		f.parsed = f.parse(text)
	}
	return f.parsed
}

func (f *file) parse(text []byte) error {
	s, err := parseDocument(text)
	if err != nil {
		return noCatalogue(f.path, err)
	}
	s.logSkipped(f.log.With("path", f.path))
	f.good = s
	return nil
}

// stat looks at the file without opening it: to open a FIFO is to wait.
func (f *file) stat() (fs.FileInfo, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, f.unreadable(err)
	}
	return info, f.checkFile(info)
}

func (f *file) checkFile(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return skills.Errorf(skills.Invalid, "the catalogue %q is not a file", f.path)
	}
	if info.Size() > maxDocument {
		return noCatalogue(f.path, errTooLarge)
	}
	return nil
}

func (f *file) unreadable(cause error) error {
	if errors.Is(cause, fs.ErrNotExist) {
		return skills.Wrap(skills.Invalid, cause, "the catalogue file %q does not exist", f.path)
	}
	return skills.Wrap(skills.Invalid, cause, "the catalogue file %q cannot be read", f.path)
}

// unchanged reports whether the file is surely the one that was read last.
func (f *file) unchanged(info fs.FileInfo) bool {
	return f.stamp != nil && os.SameFile(f.stamp, info) && f.stamp.Size() == info.Size() &&
		f.stamp.ModTime().Equal(info.ModTime()) && f.read.Sub(info.ModTime()) > settled
}

// bytes reads the file, with the stamp it had before.
func (f *file) bytes() ([]byte, fs.FileInfo, error) {
	// Non-blocking, in case that a FIFO took the file's place just now.
	opened, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, f.unreadable(err)
	}
	defer func() { _ = opened.Close() }()
	stamp, err := opened.Stat()
	if err != nil {
		return nil, nil, f.unreadable(err)
	}
	if err := f.checkFile(stamp); err != nil {
		return nil, nil, err
	}
	text, err := readBounded(opened)
	if err != nil {
		return nil, nil, noCatalogue(f.path, err)
	}
	return text, stamp, nil
}
