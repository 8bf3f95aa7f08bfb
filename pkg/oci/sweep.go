// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"path"
	"strings"
)

// load counts, in the background, what the tags reach, and then deletes what an
// earlier run left behind.
func (s *Store) load(ctx context.Context, current *snapshot) {
	defer close(s.loaded)
	for _, e := range current.entries {
		if ctx.Err() != nil {
			return
		}
		if e.opaque {
			s.log.Warn("a root of the store is not a sha256; blobs that nothing seems to refer to are kept", "tag", e.tag, "digest", e.desc.Digest)
			s.graph.distrust()
			continue
		}
		if err := s.graph.learn(e.edge()); err != nil {
			s.log.Error("an artifact in the store is damaged; blobs that nothing seems to refer to are kept", "tag", e.tag, "digest", e.desc.Digest, "error", err)
		}
	}
	s.graph.finish()
	s.tidy()
	s.sweepIngest()
}

// tidy deletes what nothing refers to, where that is still to be done and can
// be done without making damage bigger.
func (s *Store) tidy() {
	s.graph.relearnUncertain()
	strays, err := s.graph.strays()
	if err != nil {
		s.log.Error("the blobs that nothing refers to cannot be looked for", "error", err)
		return
	}
	for _, k := range strays {
		s.graph.discard(k)
	}
	if len(strays) > 0 {
		s.log.Info("deleted blobs that nothing referred to", "blobs", len(strays))
	}
}

// sweepIngest deletes unfinished blobs of earlier runs.
func (s *Store) sweepIngest() {
	err := eachFile(s.disk.root, ingestDir, func(name string) error {
		if strings.HasPrefix(name, s.blobs.run) {
			return nil
		}
		return s.disk.remove(path.Join(ingestDir, name))
	})
	if err != nil {
		s.log.Error("unfinished blobs of an earlier run cannot be deleted", "error", err)
	}
}

// finish says that everything the tags reach has been counted.
func (g *graph) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.complete, g.sweepDue = true, true
	g.collectLocked()
}

func (g *graph) isComplete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.complete
}

// distrust gives up looking for strays in this run.
func (g *graph) distrust() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opaque = true
}

// strays returns the files that nobody needs, if it is due to look for them
// and if every needed manifest could be read: a damaged one may come back, and
// what it refers to should then still be there.
func (g *graph) strays() ([]key, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.sweepDue || g.opaque || len(g.broken) > 0 {
		return nil, nil
	}
	strays, err := g.lookLocked()
	if err != nil {
		return nil, err
	}
	g.sweepDue = false
	return strays, nil
}

// discard deletes a stray, unless somebody has come to need it.
func (g *graph) discard(k key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.nodes[k] == nil {
		g.deleteLocked(k)
	}
}

// relearnUncertain reads again what could not be read for reasons that may
// pass, and then collects what had to wait for it.
func (g *graph) relearnUncertain() {
	g.mu.Lock()
	uncertain := g.uncertainLocked()
	g.mu.Unlock()
	if !uncertain {
		return
	}
	g.relearn()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.collectLocked()
}
