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

// relay is what the callers of one piece of work want to know.
type relay struct {
	// listeners are called with the lock held, so that none is called after it
	// has left.
	listeners map[*listener]struct{}
	// latest is the last report; the zero value before the first.
	latest skills.Progress
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
	if r.byKey == nil {
		r.byKey = make(map[string]*relay)
	}
	joined := r.byKey[key]
	if joined == nil {
		joined = &relay{listeners: make(map[*listener]struct{})}
		r.byKey[key] = joined
	}
	l := &listener{report}
	joined.listeners[l] = struct{}{}
	if joined.latest.Activity != "" {
		report(joined.latest)
	}
	return func() { r.leave(key, joined, l) }
}

func (r *relays) leave(key string, joined *relay, l *listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(joined.listeners, l)
	if len(joined.listeners) == 0 {
		delete(r.byKey, key)
	}
}

// report tells everybody who has joined the work with the key.
func (r *relays) report(key string, progress skills.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	joined := r.byKey[key]
	if joined == nil {
		return
	}
	joined.latest = progress
	for l := range joined.listeners {
		l.report(progress)
	}
}
