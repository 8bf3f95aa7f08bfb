// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/errdef"
)

var _ oras.Target = (*Lease)(nil)

// errReleased is what a lease answers after [Lease.Release].
var errReleased = errors.New("the lease on the store was released")

// Lease is one request's access to the blobs of a store. Every blob it has
// written, found, opened or resolved, and all that those blobs refer to, stays
// on disk until the lease is released. A lease is safe for concurrent use.
//
// All methods return an error that is [errdef.ErrInvalidDigest] for digests
// that are malformed or no sha256, and a plain error after Release.
type Lease struct {
	store *Store

	mu       sync.Mutex
	held     map[key]struct{}
	released bool
}

// Lease returns a new lease. The caller must release it.
func (s *Store) Lease() *Lease {
	return &Lease{store: s, held: make(map[key]struct{})}
}

// Release gives up what the lease holds; blobs that nothing else needs are
// deleted. Releasing twice is allowed.
func (l *Lease) Release() {
	l.mu.Lock()
	held := slices.Collect(maps.Keys(l.held))
	l.held, l.released = nil, true
	l.mu.Unlock()
	l.store.graph.unneed(held...)
}

// hold keeps the blob, whether or not it is there, from being deleted.
func (l *Lease) hold(k key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return errReleased
	}
	if _, already := l.held[k]; already {
		return nil
	}
	l.held[k] = struct{}{}
	l.store.graph.need(k)
	return nil
}

// holdDigest is hold for a digest that is still to be checked.
func (l *Lease) holdDigest(d digest.Digest) (key, error) {
	k, err := parseDigest(d)
	if err != nil {
		return k, err
	}
	return k, l.hold(k)
}

// find holds a blob and returns the size of its file, or an error that is
// [errdef.ErrNotFound].
func (l *Lease) find(desc ocispec.Descriptor) (key, int64, error) {
	k, err := l.holdDigest(desc.Digest)
	if err != nil {
		return k, 0, err
	}
	size, err := l.store.blobs.size(k)
	return k, size, err
}

// Exists reports whether the store has the blob, in the size that target says
// and with the bytes that its digest promises: it reads the blob, so that
// building or pulling again mends what is damaged. The media type of target
// tells whether what it refers to is to be held as well.
func (l *Lease) Exists(_ context.Context, target ocispec.Descriptor) (bool, error) {
	k, size, err := l.find(target)
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case size != target.Size:
		return false, nil // to be pushed again, which mends it
	}
	switch err := l.store.blobs.verify(k); {
	case errors.Is(err, errDamaged), errors.Is(err, errdef.ErrNotFound):
		return false, nil // likewise
	case err != nil:
		return false, err
	}
	if err := l.count(k, target.MediaType); errors.Is(err, errDamaged) {
		return false, nil // likewise
	} else if err != nil {
		return false, err
	}
	return true, nil
}

// Fetch opens a blob for reading; the reader is an [io.Seeker] too. It returns
// an error that is [errdef.ErrNotFound] where there is no such blob, and a
// plain error where target has a size and the file has another. The content is
// not checked against the digest: that is up to who reads it, for example with
// content.FetchAll of oras-go.
func (l *Lease) Fetch(_ context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	k, err := l.holdDigest(target.Digest)
	if err != nil {
		return nil, err
	}
	f, size, err := l.store.blobs.open(k)
	if err != nil {
		return nil, err
	}
	if target.Size > 0 && target.Size != size {
		err := fmt.Errorf("blob %s has %d bytes on disk instead of %d", target.Digest, size, target.Size)
		return nil, errors.Join(err, f.Close())
	}
	// Whoever fetches a manifest goes on to what it refers to. Damage shows in
	// what is read, and is then the reader's to name.
	_ = l.count(k, target.MediaType)
	return f, nil
}

// Resolve returns the descriptor of a tag, with its annotations, or of a digest.
// For the digest of a tagged root that is its plain descriptor (media type,
// digest, size); for any other blob in the store the media type is
// application/octet-stream. A reference that is a tag and looks like a digest
// is a tag. It returns an error that is [errdef.ErrNotFound] where the store
// has neither.
func (l *Lease) Resolve(_ context.Context, reference string) (ocispec.Descriptor, error) {
	for {
		current := l.store.snapshot.Load()
		e := current.lookup(reference)
		if e == nil {
			return l.resolveDigest(current, reference)
		}
		if e.opaque {
			_, err := parseDigest(e.desc.Digest)
			return ocispec.Descriptor{}, err
		}
		if err := l.hold(e.key); err != nil {
			return ocispec.Descriptor{}, err
		}
		// As long as the tag is visible it has not given up its root; so if it
		// still is, the lease came in time.
		if l.store.snapshot.Load().lookup(reference) == e {
			desc := e.desc
			desc.Annotations = maps.Clone(desc.Annotations)
			return desc, nil
		}
	}
}

func (l *Lease) resolveDigest(current *snapshot, reference string) (ocispec.Descriptor, error) {
	d := digest.Digest(reference)
	if d.Validate() != nil {
		return ocispec.Descriptor{}, notFound(reference)
	}
	_, size, err := l.find(ocispec.Descriptor{Digest: d})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := ocispec.Descriptor{MediaType: "application/octet-stream", Digest: d, Size: size}
	for _, e := range current.entries {
		if e.desc.Digest == d {
			desc.MediaType, desc.Size = e.desc.MediaType, e.desc.Size
			break
		}
	}
	return desc, nil
}

// Tag makes desc, a manifest in the store, the root that the tag names, in
// place of any other; what only the old root needed is deleted. The annotations
// of desc are kept with the tag, and the tag is added to them. When Tag
// returns, the tag and everything the lease has written is durable.
//
// It returns an error that is [errdef.ErrNotFound] where the store does not
// have the manifest, [errdef.ErrMissingReference] for an empty tag,
// [errdef.ErrInvalidReference] for one that is not UTF-8, and a plain one where
// the manifest or one that it refers to cannot be read. If ctx ends first it
// returns ctx's error, and the tag may still be set.
func (l *Lease) Tag(ctx context.Context, desc ocispec.Descriptor, reference string) error {
	switch {
	case reference == "":
		return fmt.Errorf("tagging %s: %w", desc.Digest, errdef.ErrMissingReference)
	case !utf8.ValidString(reference):
		return fmt.Errorf("tag %q is not UTF-8: %w", reference, errdef.ErrInvalidReference)
	}
	k, size, err := l.find(desc)
	if err != nil {
		return fmt.Errorf("tagging %q: %w", reference, err)
	}
	if size != desc.Size {
		return fmt.Errorf("tagging %q: manifest %s has %d bytes instead of %d", reference, desc.Digest, size, desc.Size)
	}
	if err := l.store.graph.learn(edge{key: k, manifest: isManifest(desc.MediaType)}); err != nil {
		return fmt.Errorf("tagging %q: %w", reference, err)
	}
	e, err := newIndexEntry(desc, reference)
	if err != nil {
		return err
	}
	l.store.graph.need(k)
	return l.store.commit(ctx, &change{tag: reference, entry: e})
}

// count has what a manifest refers to counted, and so held. The error is about
// that manifest alone; others that it refers to may be written after it.
func (l *Lease) count(k key, mediaType string) error {
	if !isManifest(mediaType) {
		return nil
	}
	err := l.store.graph.learn(edge{key: k, manifest: true})
	if _, known := l.store.graph.children(k); known {
		return nil
	}
	return err
}
