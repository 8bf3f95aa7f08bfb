// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"sync"

	"github.com/skilld/skilld/pkg/skills"
)

// relays pass the progress of work that several callers share on to each of
// them that is still waiting. The zero value is ready for use.
type relays struct {
	mu    sync.Mutex
	byKey map[string]*relay
}

// relay is there as long as its work goes on or somebody listens.
type relay struct {
	// running says that the work goes on, and latest how far it is; the zero
	// value before the first report.
	running bool
	latest  skills.Progress
	// listeners are called with the lock held, so that none is called after it
	// has left.
	listeners map[*listener]struct{}
}

type listener struct{ report func(skills.Progress) }

// join has the progress of the work with the key reported to what ctx says,
// beginning with where the work is now, until leave is called.
func (r *relays) join(ctx context.Context, key string) (leave func()) {
	report := skills.ProgressOf(ctx)
	if report == nil {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	joined, l := r.relayLocked(key), &listener{report}
	joined.listeners[l] = struct{}{}
	if joined.latest.Activity != "" {
		report(joined.latest)
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(joined.listeners, l)
		r.forgetLocked(key)
	}
}

// carry returns a context for the work with the key, whose progress is passed
// on until the work is done.
func (r *relays) carry(ctx context.Context, key string) (_ context.Context, done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	carried := r.relayLocked(key)
	carried.running = true
	return skills.WithProgress(ctx, func(p skills.Progress) { r.report(carried, p) }), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		// Who comes now begins the work anew.
		carried.running, carried.latest = false, skills.Progress{}
		r.forgetLocked(key)
	}
}

// report tells everybody who has joined.
func (r *relays) report(joined *relay, progress skills.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !joined.running {
		return
	}
	joined.latest = progress
	for l := range joined.listeners {
		l.report(progress)
	}
}

// relayLocked returns the relay of the work with the key, made if there is none.
func (r *relays) relayLocked(key string) *relay {
	if r.byKey == nil {
		r.byKey = make(map[string]*relay)
	}
	if r.byKey[key] == nil {
		r.byKey[key] = &relay{listeners: make(map[*listener]struct{})}
	}
	return r.byKey[key]
}

// forgetLocked drops the relay if nobody needs it.
func (r *relays) forgetLocked(key string) {
	if kept := r.byKey[key]; kept != nil && !kept.running && len(kept.listeners) == 0 {
		delete(r.byKey, key)
	}
}
