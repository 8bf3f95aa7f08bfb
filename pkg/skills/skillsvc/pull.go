// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

const (
	// maxPull bounds one pull.
	maxPull = 5 * time.Minute
	// maxCheck bounds the question whether a cached tag is still the latest.
	maxCheck = 10 * time.Second
)

// pull fetches the artifact into the local store, tags it there as a cache,
// and opens it. Simultaneous calls for one reference share one pull, which
// goes on when a caller leaves.
func (s *Service) pull(ctx context.Context, ref skills.Reference) (*source, error) {
	tag, err := share(ctx, s, "pull "+ref.String(), maxPull, func(ctx context.Context) (string, error) {
		return s.pullToStore(ctx, ref)
	})
	if err != nil {
		return nil, pullError(ref, err)
	}
	src, err := s.openTag(ctx, tag)
	if err != nil {
		return nil, err
	}
	if src == nil {
		return nil, skills.Errorf(skills.Conflict, "%s was deleted while it was being pulled; try again", ref)
	}
	src.reference, src.tag = ref.String(), ref.Tag
	return src, nil
}

// pullToStore returns the tag that the pulled artifact has in the store. It
// never carries the local-build marker, and a build of the same name keeps its
// tag: what was built here must not vanish behind a pull.
func (s *Service) pullToStore(ctx context.Context, ref skills.Reference) (string, error) {
	lease := s.Store.Lease()
	defer lease.Release()
	desc, err := s.Registry.Pull(ctx, ref, lease)
	if err != nil {
		return "", err
	}
	tag, err := cacheTag(ctx, lease, ref, desc)
	if err != nil {
		return "", err
	}
	if err := tagAsCache(ctx, lease, desc, tag); err != nil {
		return "", err
	}
	s.fresh.note(tag)
	return tag, nil
}

// tagAsCache leaves a tag alone that says the same already.
func tagAsCache(ctx context.Context, lease *oci.Lease, desc ocispec.Descriptor, tag string) error {
	if present, err := lease.Resolve(ctx, tag); err == nil && present.Digest == desc.Digest {
		return nil
	}
	return lease.Tag(ctx, desc, tag)
}

// cacheTag returns the tag for what a pull brought: the reference, or its form
// with the digest where a local build of other content has that tag.
func cacheTag(ctx context.Context, lease *oci.Lease, ref skills.Reference, desc ocispec.Descriptor) (string, error) {
	present, err := lease.Resolve(ctx, ref.String())
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return ref.String(), nil
	case err != nil:
		return "", err
	case isLocalBuild(present) && present.Digest != desc.Digest:
		return fmt.Sprintf("%s/%s@%s", ref.Registry, ref.Repository, desc.Digest), nil
	}
	return ref.String(), nil
}

// share runs work once for all simultaneous calls with the key, detached from
// any one caller, and returns its result to each caller that still waits. Each
// of them is told of its progress.
func share[T any](ctx context.Context, s *Service, key string, limit time.Duration, work func(context.Context) (T, error)) (T, error) {
	defer s.relays.join(ctx, key)()
	began := time.Now()
	var mine atomic.Bool
	results := s.shared.DoChan(key, func() (any, error) {
		mine.Store(true)
		s.background.Add(1)
		defer s.background.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		defer context.AfterFunc(s.stopping, cancel)()
		ctx, done := s.relays.carry(ctx, key)
		defer done()
		return work(ctx)
	})
	defer func() {
		if !mine.Load() {
			s.traceWait(ctx, key, began)
		}
	}()
	var none T
	select {
	case result := <-results:
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(T), nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// openLocal opens what the local store has for a preview's reference; nil if
// it has nothing. A pulled tag is asked about again when it was last checked
// a minute ago; where the registry cannot say, the cached copy answers as stale.
// A pulled artifact that the disk has lost a part of counts as not there, so
// that it is pulled again.
func (s *Service) openLocal(ctx context.Context, text string) (*source, error) {
	lease := s.Store.Lease()
	defer lease.Release()
	desc, tag, err := findLocal(ctx, lease, text)
	if err != nil {
		if errors.Is(err, errdef.ErrNotFound) {
			return nil, nil
		}
		return nil, fmt.Errorf("looking up %q: %w", text, err)
	}
	// A pull tags with a canonical form; another tag without the marker is from
	// before there was one.
	ref, err := skills.ParseReference(tag)
	if isLocalBuild(desc) || err != nil || ref.String() != tag {
		return s.openTag(ctx, tag)
	}
	inventory, err := s.Store.Inventory(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking up %q: %w", text, err)
	}
	if !inventory.Has(desc) {
		return nil, nil
	}
	s.counts.lookup(ctx, storeCache, true)
	stale := ref.Digest == "" && s.fresh.due(tag) && !s.refresh(ctx, ref, tag, desc)
	src, err := s.openTag(ctx, tag)
	if src != nil {
		src.stale = stale
	}
	return src, err
}

// refresh asks the registry what the tag is now, pulls it where that has
// changed, and reports whether the cache is known to be the latest.
func (s *Service) refresh(ctx context.Context, ref skills.Reference, tag string, cached ocispec.Descriptor) bool {
	latest, err := share(ctx, s, "check "+tag, maxCheck, func(ctx context.Context) (string, error) {
		desc, err := s.Registry.Resolve(ctx, ref)
		return desc.Digest.String(), err
	})
	if err == nil && latest != cached.Digest.String() {
		_, err = share(ctx, s, "pull "+ref.String(), maxPull, func(ctx context.Context) (string, error) {
			return s.pullToStore(ctx, ref)
		})
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the registry could not be asked; the cached copy answers", "reference", ref.String(), "error", err)
		return false
	}
	s.fresh.note(tag)
	return true
}
