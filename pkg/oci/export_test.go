// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"log/slog"
	"os"

	"github.com/opencontainers/go-digest"
)

// FailIndexWrites makes each write of index.json end with what fail returns,
// or happen where that is nil. It must be called before the store is used.
func (s *Store) FailIndexWrites(fail func() error) {
	write := s.writeIndex
	s.writeIndex = func(next *snapshot) error {
		if err := fail(); err != nil {
			return err
		}
		return write(next)
	}
}

// OpenFaulty opens a store in which reading a manifest ends with what fail
// returns, or happens where that is nil.
func OpenFaulty(root string, log *slog.Logger, fail func(digest.Digest) error) (*Store, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	s, err := openIn(&disk{root: dir}, log)
	if err != nil {
		return nil, err
	}
	s.graph.references = func(k key) ([]edge, error) {
		if err := fail(k.digest()); err != nil {
			return nil, err
		}
		return s.blobs.references(k)
	}
	s.start()
	return s, nil
}

// OpenFailing opens a store in which each step that changes its folder ("create",
// "write", "sync", "rename", "link", "remove", "sync folder") ends with what
// fail returns, or happens where that is nil.
func OpenFailing(root string, log *slog.Logger, fail func(step, name string) error) (*Store, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	s, err := openIn(&disk{root: dir, fault: fail}, log)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	s.start()
	return s, nil
}
