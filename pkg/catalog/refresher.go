// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// retryAfter is how long after a failed refresh the next one is tried.
	retryAfter = 15 * time.Second
	// patience is how long a question waits for a refresh before it takes the
	// last good answer. The refresh goes on.
	patience = 2 * time.Second
	// refreshTimeout bounds one refresh, all its requests together.
	refreshTimeout = time.Minute
)

// refresher keeps what a fetch brought for a time, and beyond it when the next
// fetch fails. One fetch runs at a time, whoever asks.
type refresher struct {
	// fetch gets the present state; it may return the last one, which is nil at
	// first, if nothing changed.
	fetch func(ctx context.Context, last *snapshot) (*snapshot, error)
	ttl   time.Duration
	now   func() time.Time
	log   *slog.Logger

	flight singleflight.Group
	mu     sync.Mutex
	good   *snapshot
	// due is when good is to be refreshed.
	due time.Time
}

// get returns the present state, or the last good one where there is none to be had.
func (r *refresher) get(ctx context.Context) (*snapshot, error) {
	good, fresh := r.kept()
	if fresh {
		return good, nil
	}
	// Somebody's refresh serves all who wait: it must not end with the one who began it.
	done := r.flight.DoChan("", func() (any, error) { return r.refresh(context.WithoutCancel(ctx)) })
	var impatient <-chan time.Time
	if good != nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*snapshot), nil
	case <-impatient:
		return good, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// kept returns the last good state, nil if there is none, and whether it needs
// no refresh yet.
func (r *refresher) kept() (good *snapshot, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.good, r.good != nil && r.now().Before(r.due)
}

func (r *refresher) refresh(ctx context.Context) (*snapshot, error) {
	good, fresh := r.kept()
	if fresh {
		return good, nil
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	next, err := r.fetch(ctx, good)
	if err != nil && good == nil {
		return nil, err
	}
	wait := r.ttl
	if err != nil {
		r.log.Warn("the catalogue cannot be refreshed; the last good one is kept", "error", err)
		next, wait = good, retryAfter
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good, r.due = next, r.now().Add(wait)
	return next, nil
}
