// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"oras.land/oras-go/v2/errdef"
)

// sizeAge is how old an answer of [Store.Size] may be: looking at all blobs of
// ten thousand artifacts takes some tenths of a second.
const sizeAge = time.Minute

// measuredSize is what the blobs came to when they were last looked at.
type measuredSize struct {
	mu    sync.Mutex
	bytes int64
	// at is when that was, and folder when the blobs' folder had last changed.
	at, folder time.Time
}

// Size returns how many bytes all finished blobs have on disk together, the
// ones that nothing refers to included. It counts again where the folder of the
// blobs has changed since it last did, but at most once a minute, so that the
// answer is at most a minute old.
//
// It returns ctx's error if ctx ends first, and a plain error where the folder
// cannot be read.
func (s *Store) Size(ctx context.Context) (int64, error) {
	s.size.mu.Lock()
	defer s.size.mu.Unlock()
	changed, err := s.blobs.modTime()
	if err != nil {
		return 0, fmt.Errorf("looking at the blobs' folder: %w", err)
	}
	now := time.Now()
	if known := !s.size.at.IsZero(); known && (changed.Equal(s.size.folder) || now.Sub(s.size.at) < sizeAge) {
		return s.size.bytes, nil
	}
	bytes, err := s.blobs.bytes(ctx)
	if err != nil {
		return 0, err
	}
	s.size.bytes, s.size.at, s.size.folder = bytes, now, changed
	return bytes, nil
}

// bytes returns the size of all blobs together.
func (b *blobFolder) bytes(ctx context.Context) (int64, error) {
	var sum int64
	err := eachFile(b.dir.root, ".", func(name string) error {
		k, isBlob := parseHex(name)
		if !isBlob {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		size, err := b.size(k)
		if errors.Is(err, errdef.ErrNotFound) {
			return nil // deleted meanwhile
		}
		sum += size
		return err
	})
	return sum, err
}
