// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
)

// change is a tag that is to be set or removed.
type change struct {
	tag string
	// entry is what the tag shall name; nil removes the tag. Its root is
	// needed by the change, until the need passes on to the tag.
	entry *indexEntry
	// done gets the outcome once; it has room for it, since nobody may be waiting.
	done chan error
}

// queue holds the changes that wait for the next write of index.json.
type queue struct {
	mu      sync.Mutex
	pending []*change
	running bool
	closed  bool
	workers sync.WaitGroup
}

// commit hands a change in and waits until it is durable and visible. Changes
// that come while index.json is being written share the next write.
//
// If ctx ends first, ctx's error is returned, and the change may still happen.
// Where the change is not accepted, its need of the root is given up.
func (s *Store) commit(ctx context.Context, c *change) error {
	c.done = make(chan error, 1)
	if err := ctx.Err(); err != nil {
		s.abandon(c)
		return err
	}
	if !s.enqueue(c) {
		s.abandon(c)
		return errClosed
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enqueue adds the change and sees to it that somebody commits it. It reports
// false after the store was closed.
func (s *Store) enqueue(c *change) bool {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.pending = append(q.pending, c)
	if !q.running {
		q.running = true
		q.workers.Go(s.commitPending)
	}
	return true
}

// take returns all that is pending; the worker ends when that is nothing.
func (q *queue) take() []*change {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.pending
	q.pending = nil
	q.running = len(batch) > 0
	return batch
}

// close refuses further changes and waits for those that are pending.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.workers.Wait()
}

// commitPending commits one batch after the other until nothing is pending.
func (s *Store) commitPending() {
	for batch := s.queue.take(); len(batch) > 0; batch = s.queue.take() {
		s.commitBatch(batch)
	}
}

// commitBatch makes a batch of changes durable with one write, then visible,
// then collects what lost its tag, then answers. If the write fails, none of
// the batch has happened.
func (s *Store) commitBatch(batch []*change) {
	current := s.snapshot.Load()
	plan := makePlan(current, batch)
	if err := s.persist(plan); err != nil {
		for _, c := range batch {
			s.abandon(c)
			c.done <- err
		}
		return
	}
	if plan.changed {
		s.snapshot.Store(plan.next)
	}
	s.graph.unneed(plan.dropped...)
	for i, c := range batch {
		c.done <- plan.outcomes[i]
	}
}

// persist makes first the blobs' names durable, then the index that needs them.
func (s *Store) persist(p plan) error {
	if err := s.graph.flush(); err != nil {
		return err
	}
	if !p.changed && !s.indexUnsure {
		return nil
	}
	if err := s.writeIndex(p.next); err != nil {
		s.indexUnsure = true
		return fmt.Errorf("writing the index of the store: %w", err)
	}
	s.indexUnsure = false
	return nil
}

// abandon gives up what a change that will not happen needs.
func (s *Store) abandon(c *change) {
	if c.entry != nil {
		s.graph.unneed(c.entry.key)
	}
}

// plan is what a batch of changes makes of a snapshot.
type plan struct {
	next    *snapshot
	changed bool
	// dropped are the roots that are needed once less.
	dropped []key
	// outcomes are the answers to the changes, if the plan becomes true.
	outcomes []error
}

func makePlan(current *snapshot, batch []*change) plan {
	next := &snapshot{generation: current.generation + 1, entries: slices.Clone(current.entries)}
	p := plan{next: next, outcomes: make([]error, len(batch))}
	for i, c := range batch {
		at, found := next.find(c.tag)
		switch {
		case c.entry == nil && !found:
			p.outcomes[i] = notFound(c.tag)
			continue
		case c.entry == nil:
			p.drop(next.entries[at])
			next.entries = slices.Delete(next.entries, at, at+1)
		case !found:
			next.entries = slices.Insert(next.entries, at, c.entry)
		default:
			old := next.entries[at]
			p.drop(old)
			next.entries[at] = c.entry
			if bytes.Equal(old.raw, c.entry.raw) {
				continue
			}
		}
		p.changed = true
	}
	return p
}

func (p *plan) drop(e *indexEntry) {
	if !e.opaque {
		p.dropped = append(p.dropped, e.key)
	}
}
