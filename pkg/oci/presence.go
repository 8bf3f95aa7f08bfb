// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"fmt"

	"oras.land/oras-go/v2/errdef"
)

// changeLocked runs a change of the blobs' folder, so that changes made by
// somebody else can still be told from ours.
func (g *graph) changeLocked(change func() error) error {
	before, err := g.blobs.modTime()
	if err != nil || !before.Equal(g.folderTime) {
		g.stale = true
	}
	err = change()
	g.dirty = true
	after, stampErr := g.blobs.stamp()
	if stampErr != nil {
		g.stale = true
	}
	g.folderTime = after
	return err
}

// place makes an unfinished file the blob k, which the caller needs.
func (g *graph) place(name string, k key) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.changeLocked(func() error { return g.blobs.rename(name, k) }); err != nil {
		return fmt.Errorf("moving blob %s to its place: %w", k.digest(), err)
	}
	n := g.nodes[k]
	if n.presence == absent {
		g.version++
	}
	n.presence = present
	return nil
}

// flush makes the names of the blobs durable.
func (g *graph) flush() error {
	g.mu.Lock()
	dirty := g.dirty
	g.dirty = false
	g.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := g.blobs.sync(); err != nil {
		g.mu.Lock()
		g.dirty = true
		g.mu.Unlock()
		return fmt.Errorf("making the names of the blobs durable: %w", err)
	}
	return nil
}

// lookLocked reads the folder, notes which of the needed blobs are there, and
// returns those files that nobody needs.
func (g *graph) lookLocked() (strays []key, err error) {
	g.stale = true
	// Whatever others change after this stamp will show the next time.
	g.folderTime, err = g.blobs.stamp()
	if err != nil {
		return nil, fmt.Errorf("looking at the blobs' folder: %w", err)
	}
	files, err := g.blobs.list()
	if err != nil {
		return nil, fmt.Errorf("listing the blobs: %w", err)
	}
	g.stale = false
	changed := false
	for k, n := range g.nodes {
		now := absent
		if _, there := files[k]; there {
			now = present
		}
		changed = changed || n.presence != unlooked && n.presence != now
		n.presence = now
	}
	if changed {
		g.version++
	}
	for k := range files {
		if g.nodes[k] == nil {
			strays = append(strays, k)
		}
	}
	return strays, nil
}

// refresh looks the blobs up again if somebody else changed their folder, and
// then gives manifests that could not be read another try.
func (g *graph) refresh() error {
	looked, err := g.lookIfStale()
	if looked {
		g.relearn()
	}
	return err
}

func (g *graph) lookIfStale() (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, err := g.blobs.modTime()
	if err != nil {
		return false, fmt.Errorf("looking at the blobs' folder: %w", err)
	}
	if !g.stale && now.Equal(g.folderTime) {
		return false, nil
	}
	_, err = g.lookLocked()
	return err == nil, err
}

// intact reports whether everything that e reaches is on disk, and every
// manifest among it is what its digest says.
func (g *graph) intact(e edge) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.nodes[e.key]
	if n == nil {
		return false
	}
	if n.wholeAt == g.version {
		return true
	}
	if !g.reachLocked(e) {
		return false
	}
	// What is whole stays so until the version changes: the store itself deletes
	// nothing that is needed.
	if e.manifest {
		n.wholeAt = g.version
	}
	return true
}

// reachLocked visits all that e reaches, up to the first that is not there.
func (g *graph) reachLocked(e edge) bool {
	// Hostile indexes may name each other so often that walking every way
	// through them would not end.
	seen := make(map[key]struct{}, 4)
	for todo := []edge{e}; len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := g.nodes[e.key]
		if n == nil || !g.presentLocked(e.key, n) {
			return false
		}
		if !e.manifest {
			continue
		}
		if !n.known {
			return false
		}
		if _, again := seen[e.key]; again {
			continue
		}
		seen[e.key] = struct{}{}
		for _, child := range n.children {
			if !child.optional {
				todo = append(todo, child)
			}
		}
	}
	return true
}

// presentLocked looks for a blob that became needed after the folder was read.
func (g *graph) presentLocked(k key, n *node) bool {
	if n.presence == unlooked {
		switch _, err := g.blobs.size(k); {
		case errors.Is(err, errdef.ErrNotFound):
			n.presence = absent
		case err != nil:
			return false
		default:
			n.presence = present
		}
	}
	return n.presence == present
}

// currentVersion returns the version.
func (g *graph) currentVersion() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.version
}
