// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// errClosed is what a store answers after [Store.Close].
var errClosed = errors.New("the store is closed")

// Store is a collection of artifacts in a folder, in the OCI image layout. It
// is safe for concurrent use within one process; two processes must not use
// one folder at the same time.
type Store struct {
	disk  *disk
	log   *slog.Logger
	blobs *blobFolder
	graph *graph
	size  measuredSize

	snapshot atomic.Pointer[snapshot]
	queue    queue
	// writeIndex puts a snapshot on disk; a field, so that tests can make it fail.
	writeIndex func(*snapshot) error
	// indexUnsure says that the last write of index.json failed, so that it may
	// hold something else than the snapshot. Only the committing goroutine
	// touches it.
	indexUnsure bool

	stop context.CancelFunc
	// opened is the generation that Open found.
	opened uint64
	// loaded is closed when the loading of the graph has ended.
	loaded chan struct{}
	closed sync.Once
}

// Open opens the store in the folder root, and makes one if the folder is
// missing or empty. It reads no more than oci-layout and index.json; which
// blobs the tags reach is found out in the background, and then the files that
// nothing refers to are deleted. An index.json that is garbled or gone is set
// aside and made anew from the one before it and from the blobs; the log names
// what came back and what did not.
//
// Errors are for the operator: a folder that is no OCI layout, one of another
// version, or one that cannot be read or written.
func Open(root string, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("creating the folder of the store: %w", err)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the store: %w", err)
	}
	s, err := openIn(&disk{root: dir}, log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the store in %s: %w", root, err), dir.Close())
	}
	s.start()
	return s, nil
}

// openIn makes the store of a folder, with nothing going on in it yet.
func openIn(d *disk, log *slog.Logger) (*Store, error) {
	if err := openLayout(d); err != nil {
		return nil, err
	}
	blobs, err := openBlobFolder(d)
	if err != nil {
		return nil, err
	}
	current, err := openIndex(d, blobs, log)
	if err != nil {
		return nil, errors.Join(err, blobs.close())
	}
	s := &Store{disk: d, log: log, blobs: blobs, graph: newGraph(blobs, log), loaded: make(chan struct{})}
	s.writeIndex = func(next *snapshot) error { return writeIndex(d, next) }
	s.opened = current.generation
	s.snapshot.Store(current)
	for _, e := range current.entries {
		if !e.opaque {
			s.graph.need(e.key)
		}
	}
	return s, nil
}

// start begins the background work.
func (s *Store) start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.load(ctx, s.snapshot.Load())
}

// Close waits for the changes that are being written, refuses those after
// them, and ends the background work. It is safe to call twice.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		s.stop()
		s.queue.close()
		<-s.loaded
		s.keepCopy()
		err = errors.Join(s.blobs.close(), s.disk.close())
	})
	return err
}

// Generation returns a number that rises with every change of the tags.
func (s *Store) Generation() uint64 { return s.snapshot.Load().generation }

// Tagged returns the tagged roots as they are at the time of the call, sorted
// by tag. Their annotations are those they were tagged with, and the tag under
// org.opencontainers.image.ref.name. The maps and slices in the descriptors
// are the store's own: they must not be changed.
func (s *Store) Tagged() iter.Seq[ocispec.Descriptor] { return s.snapshot.Load().tagged() }

// Untag removes a tag, and deletes the blobs that nothing else needs. When it
// returns, the removal is durable and the blobs are gone, except for those
// that a [Lease] holds: they go when it is released.
//
// It returns an error that is [errdef.ErrNotFound] where there is no such tag.
// If ctx ends first it returns ctx's error, and the tag may still be removed.
func (s *Store) Untag(ctx context.Context, tag string) error {
	if tag == "" {
		return notFound(tag) // roots without a tag are not ours to remove
	}
	if err := s.commit(ctx, &change{tag: tag}); err != nil {
		return err
	}
	if err := s.awaitGraph(ctx); err != nil {
		return err
	}
	s.tidy()
	return nil
}

// awaitGraph waits until everything the tags reach is counted.
func (s *Store) awaitGraph(ctx context.Context) error {
	select {
	case <-s.loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !s.graph.isComplete() {
		return errClosed
	}
	return nil
}

// keepCopy leaves a copy of index.json behind for the case that the file gets
// damaged while nobody uses the store.
func (s *Store) keepCopy() {
	current := s.snapshot.Load()
	if current.generation == s.opened || s.indexUnsure {
		return
	}
	if err := s.disk.replace(previousIndex, current.writeTo); err != nil {
		s.log.Warn("no copy of index.json could be left behind", "error", err)
	}
}

// openLayout checks the folder, and completes it where it is new.
func openLayout(d *disk) error {
	if err := ensureLayout(d); err != nil {
		return err
	}
	for _, name := range []string{blobsDir, ingestDir} {
		if err := d.root.MkdirAll(name, 0o755); err != nil {
			return fmt.Errorf("creating the folder %s: %w", name, err)
		}
	}
	return nil
}

// notFound is the error for a reference that leads nowhere.
func notFound(reference string) error {
	return fmt.Errorf("%q is not in the store: %w", reference, errdef.ErrNotFound)
}

var _ io.Closer = (*Store)(nil)
