// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"sync"
)

// keyLock serialises work on one key while other keys go on. The zero value is
// ready for use.
type keyLock struct {
	mu    sync.Mutex
	slots map[string]*slot
}

// slot is held by one worker and counts those who hold or wait for it.
type slot struct {
	token   chan struct{}
	workers int
}

// lock waits for the key and returns how to give it back. It returns the
// context's error if that ends first.
func (l *keyLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	s := l.enter(key)
	select {
	case s.token <- struct{}{}:
		return func() {
			<-s.token
			l.leave(key, s)
		}, nil
	case <-ctx.Done():
		l.leave(key, s)
		return nil, ctx.Err()
	}
}

func (l *keyLock) enter(key string) *slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slots[key]
	if s == nil {
		s = &slot{token: make(chan struct{}, 1)}
		if l.slots == nil {
			l.slots = make(map[string]*slot)
		}
		l.slots[key] = s
	}
	s.workers++
	return s
}

func (l *keyLock) leave(key string, s *slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.workers--; s.workers == 0 {
		delete(l.slots, key)
	}
}
