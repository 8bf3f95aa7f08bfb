// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync/atomic"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

const (
	blobsDir  = ocispec.ImageBlobsDir + "/sha256"
	ingestDir = "ingest"
	// listChunk is how many names are read from a folder at a time.
	listChunk = 4096
)

// blobFolder is the part of the store's folder that holds blobs, finished
// and unfinished. It knows files only; who needs them is the graph's business.
type blobFolder struct {
	// store is the store's folder, and dir the one in it that holds the finished
	// blobs; access through dir takes a third of the system calls.
	store, dir *disk
	// run begins the names of this run's unfinished files, so that those which
	// an earlier run left behind can be told from them.
	run     string
	created atomic.Uint64
}

// openBlobFolder opens the folders of the blobs, which are there.
func openBlobFolder(store *disk) (*blobFolder, error) {
	dir, err := store.open(blobsDir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder %s: %w", blobsDir, err)
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36) + "-"
	return &blobFolder{store: store, dir: dir, run: run}, nil
}

func (b *blobFolder) close() error { return b.dir.close() }

// create opens a new unfinished file for writing.
func (b *blobFolder) create() (*diskFile, error) {
	f, err := b.store.create(path.Join(ingestDir, b.run+strconv.FormatUint(b.created.Add(1), 10)))
	if err != nil {
		return nil, fmt.Errorf("creating a file for a blob: %w", err)
	}
	return f, nil
}

// size returns the size of a blob's file, or an error that is
// [errdef.ErrNotFound] where there is none. Anything but a regular file is none.
func (b *blobFolder) size(k key) (int64, error) {
	info, err := b.dir.root.Lstat(k.hex())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, fmt.Errorf("blob %s: %w", k.digest(), errdef.ErrNotFound)
	case err != nil:
		return 0, fmt.Errorf("looking for blob %s: %w", k.digest(), diskError(err))
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("blob %s is not a regular file: %w", k.digest(), errdef.ErrNotFound)
	}
	return info.Size(), nil
}

// open opens a blob for reading and returns its size.
func (b *blobFolder) open(k key) (*os.File, int64, error) {
	// Asking first keeps a FIFO in a blob's place from blocking the open.
	size, err := b.size(k)
	if err != nil {
		return nil, 0, err
	}
	f, err := b.dir.root.Open(k.hex())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, fmt.Errorf("blob %s: %w", k.digest(), errdef.ErrNotFound)
	case err != nil:
		return nil, 0, fmt.Errorf("opening blob %s: %w", k.digest(), diskError(err))
	}
	return f, size, nil
}

// verify returns an error that is [errdef.ErrNotFound] where the blob is not
// there, one that is [errDamaged] where its bytes have another digest, and a
// plain one where they cannot be read.
func (b *blobFolder) verify(k key) error {
	f, _, err := b.open(k)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return fmt.Errorf("reading blob %s: %w", k.digest(), diskError(err))
	}
	if [sha256.Size]byte(hash.Sum(nil)) != k {
		return fmt.Errorf("%w: the bytes of blob %s have another digest", errDamaged, k.digest())
	}
	return nil
}

// rename makes an unfinished file the blob k, in place of any file there.
func (b *blobFolder) rename(name string, k key) error {
	return b.store.rename(name, path.Join(blobsDir, k.hex()))
}

// remove deletes a blob's file; that there is none is no error.
func (b *blobFolder) remove(k key) error {
	return b.dir.remove(k.hex())
}

// sync makes the names of the blobs durable.
func (b *blobFolder) sync() error { return b.dir.syncDir(".") }

// list returns the blobs that are there. Files with other names are not ours
// and are passed over.
func (b *blobFolder) list() (map[key]struct{}, error) {
	found := make(map[key]struct{})
	err := eachFile(b.dir.root, ".", func(name string) error {
		if k, ok := parseHex(name); ok {
			found[k] = struct{}{}
		}
		return nil
	})
	return found, err
}

// modTime returns when the folder of the blobs last changed.
func (b *blobFolder) modTime() (time.Time, error) {
	info, err := b.dir.root.Stat(".")
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// stamp sets the folder's modification time to this moment and returns it as
// the disk keeps it. The kernel's own stamps move in ticks of some
// milliseconds, and what somebody else changes in the tick of our own change
// would not show; beside a precise stamp it does.
func (b *blobFolder) stamp() (time.Time, error) {
	now := time.Now()
	// Without the right to set it the time is what the kernel wrote, which
	// misses less than a tick.
	_ = b.dir.root.Chtimes(".", now, now)
	return b.modTime()
}

// eachFile calls visit with the name of each regular file in a folder.
func eachFile(root *os.Root, dir string, visit func(name string) error) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	for {
		entries, err := f.ReadDir(listChunk)
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			if err := visit(e.Name()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
