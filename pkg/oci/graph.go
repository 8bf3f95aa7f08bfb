// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// graph counts who needs each blob, knows which blobs are on disk, and deletes
// those that nobody needs. All changes of the blobs' folder go through it, so
// that a blob cannot be deleted while somebody begins to need it.
//
// A blob is needed by the tags that name it, by the leases that hold it, and by
// the manifests that refer to it and are needed themselves. Blobs refer to each
// other by digest, so there are no cycles and counting is enough.
type graph struct {
	blobs *blobFolder
	log   *slog.Logger
	// references says what a manifest refers to; a field, so that tests can
	// make the disk fail.
	references func(key) ([]edge, error)

	mu    sync.Mutex
	nodes map[key]*node
	// broken are the needed manifests of which it is not known what they refer
	// to, and why.
	broken map[key]error
	// garbage are blobs that were needed and then were not, still to be deleted.
	garbage []key
	// complete says that everything the tags reach has been counted. Before
	// that, nothing is deleted.
	complete bool
	// sweepDue says that there may be files that nobody needs and that are not
	// in garbage.
	sweepDue bool
	// opaque says that a root is needed which is no sha256, so that it cannot be
	// known what it refers to.
	opaque bool
	// dirty says that names in the blobs' folder changed since they were last
	// made durable.
	dirty bool
	// folderTime is the folder's modification time as we left it. stale says
	// that somebody else has changed the folder since the presence of blobs was
	// looked up.
	folderTime time.Time
	stale      bool
	// version rises when the answer of [Inventory.Has] may have changed for
	// something that is tagged, other than by tagging.
	version uint64
}

// node is a blob that somebody needs.
type node struct {
	// needs counts tags, leases and needed manifests.
	needs int
	// known says that children were read. Only then, and only while the node
	// is there, are the children counted.
	known    bool
	presence presence
	children []edge
	// wholeAt is the version at which all that the node reaches was on disk.
	wholeAt uint64
}

// presence says whether a needed blob is on disk.
type presence uint8

const (
	unlooked presence = iota
	absent
	present
)

func newGraph(blobs *blobFolder, log *slog.Logger) *graph {
	return &graph{
		blobs: blobs, log: log, references: blobs.references, version: 1,
		// An earlier run may have ended between a change and its fsync.
		dirty: true, stale: true,
		nodes: make(map[key]*node), broken: make(map[key]error),
	}
}

// need counts one more who needs the blob.
func (g *graph) need(k key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.addLocked(k)
}

// addLocked counts up. A blob that becomes needed has no known children yet,
// so there is nothing further to count.
func (g *graph) addLocked(k key) {
	n := g.nodes[k]
	if n == nil {
		n = &node{}
		g.nodes[k] = n
	}
	n.needs++
}

// unneed counts one less for each of the blobs, and deletes what nobody needs
// any more.
func (g *graph) unneed(keys ...key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for todo := slices.Clone(keys); len(todo) > 0; {
		k := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := g.nodes[k]
		if n.needs--; n.needs > 0 {
			continue
		}
		for _, child := range n.children {
			todo = append(todo, child.key)
		}
		if _, was := g.broken[k]; was {
			delete(g.broken, k)
			g.sweepDue = true // what it referred to was never counted
		}
		delete(g.nodes, k)
		g.garbage = append(g.garbage, k)
	}
	g.collectLocked()
}

// collectLocked deletes the garbage, unless it is possible that somebody
// needs it whom we do not know of.
func (g *graph) collectLocked() {
	if !g.complete || g.uncertainLocked() {
		return
	}
	for _, k := range g.garbage {
		if g.nodes[k] == nil {
			g.deleteLocked(k)
		}
	}
	g.garbage = nil
}

// uncertainLocked reports whether a needed manifest is there but could not be
// read. One that is damaged does not count: nobody can use what it refers to
// before it is written again, and its blobs with it.
func (g *graph) uncertainLocked() bool {
	for _, err := range g.broken {
		if !errors.Is(err, errDamaged) {
			return true
		}
	}
	return false
}

func (g *graph) deleteLocked(k key) {
	err := g.changeLocked(func() error { return g.blobs.remove(k) })
	if err != nil {
		g.sweepDue = true
		g.log.Error("a blob that nothing refers to cannot be deleted", "digest", k.digest(), "error", err)
	}
}

// learn reads the manifest e and all that it reaches, as far as they are not
// known yet, and counts what they refer to. The caller needs e's blob. The
// error names every manifest that could not be read, now or earlier.
func (g *graph) learn(e edge) error {
	var failed []error
	seen := make(map[key]struct{}, 4)
	for todo := []edge{e}; len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, again := seen[e.key]; again || !e.manifest {
			continue
		}
		seen[e.key] = struct{}{}
		children, known := g.children(e.key)
		if !known {
			var err error
			children, err = g.references(e.key)
			if err != nil && e.optional && errors.Is(err, errDamaged) {
				continue
			}
			if err != nil {
				failed = append(failed, err)
			}
			g.adopt(e.key, children, err)
		}
		todo = append(todo, children...)
	}
	return errors.Join(failed...)
}

// children returns what a manifest refers to, if that is known.
func (g *graph) children(k key) (children []edge, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.nodes[k]; n != nil {
		return n.children, n.known
	}
	return nil, false
}

// adopt records what a manifest refers to, or that it could not be read. It
// does nothing where another did so first, or where nobody needs the manifest
// any more.
func (g *graph) adopt(k key, children []edge, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.nodes[k]
	if n == nil || n.known {
		return
	}
	if err != nil {
		g.broken[k] = err
		return
	}
	n.known, n.children = true, children
	for _, child := range children {
		g.addLocked(child.key)
	}
	if _, was := g.broken[k]; was {
		delete(g.broken, k)
		g.version++
	}
}

// relearn tries again to read the manifests that could not be read.
func (g *graph) relearn() {
	g.mu.Lock()
	var todo []key
	for k := range g.broken {
		todo = append(todo, k)
	}
	g.mu.Unlock()
	for _, k := range todo {
		// A failure is recorded again, and was logged when it was found.
		_ = g.learn(edge{key: k, manifest: true})
	}
}
