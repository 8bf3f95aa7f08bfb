// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	// previousIndex is the index.json before the last change; after an orderly
	// end it is a copy of the present one.
	previousIndex = ocispec.ImageIndexFile + ".previous"
	// garbledIndex begins the name that a garbled index.json is set aside under.
	garbledIndex = ocispec.ImageIndexFile + ".garbled-"
)

// writeIndex replaces index.json, and keeps the one before it.
func writeIndex(d *disk, next *snapshot) error {
	if err := d.stage(ocispec.ImageIndexFile, next.writeTo); err != nil {
		return err
	}
	// A second name for the same file costs no write. Where there are no such
	// names, or this fails, there is only less to recover from.
	if err := d.remove(previousIndex); err == nil {
		_ = d.link(ocispec.ImageIndexFile, previousIndex)
	}
	return d.publish(ocispec.ImageIndexFile)
}

// openIndex returns what index.json says. One that is garbled or gone is set
// aside and made anew.
func openIndex(d *disk, blobs *blobFolder, log *slog.Logger) (*snapshot, error) {
	current, damage, err := readIndex(d, log)
	if err != nil || damage == nil {
		return current, err
	}
	return rebuildIndex(d, blobs, damage, log)
}

// readIndex returns what index.json says, or what is wrong with it. The error
// is for an index.json that cannot be read, which says nothing about it.
func readIndex(d *disk, log *slog.Logger) (current *snapshot, damage, err error) {
	content, err := d.root.ReadFile(ocispec.ImageIndexFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is missing", ocispec.ImageIndexFile), nil
	case err != nil:
		return nil, nil, fmt.Errorf("reading %s: %w", ocispec.ImageIndexFile, diskError(err))
	}
	current, err = parseIndex(content, log)
	if err != nil {
		return nil, fmt.Errorf("%s is garbled: %w", ocispec.ImageIndexFile, err), nil
	}
	return current, nil, nil
}

// rebuildIndex sets index.json aside and writes a new one: the tags of the
// index before it whose artifacts are there, and a tag for each whole skill
// among the blobs that none of those reaches.
func rebuildIndex(d *disk, blobs *blobFolder, damage error, log *slog.Logger) (*snapshot, error) {
	aside, err := setIndexAside(d)
	if err != nil {
		return nil, fmt.Errorf("%w; it cannot be set aside: %w", damage, err)
	}
	log.Error("index.json cannot be used; it is made anew from the one before it and from the blobs",
		"reason", damage, "set_aside_as", aside)
	r := rebuild{blobs: blobs, log: log, lost: make(map[string][]*indexEntry)}
	r.takePrevious(d)
	if err := r.takeRoots(); err != nil {
		return nil, fmt.Errorf("looking for artifacts among the blobs: %w", err)
	}
	r.reportLost()
	next := &snapshot{generation: 1, entries: r.entries}
	next.sort()
	if err := d.replace(ocispec.ImageIndexFile, next.writeTo); err != nil {
		return nil, fmt.Errorf("writing the new %s: %w", ocispec.ImageIndexFile, err)
	}
	log.Warn("index.json is made anew", "tags", len(next.entries))
	return next, nil
}

// setIndexAside renames index.json to a name that is free, and returns it; ""
// where there is no index.json.
func setIndexAside(d *disk) (string, error) {
	name := garbledIndex + time.Now().UTC().Format("20060102T150405.000000000Z")
	err := d.rename(ocispec.ImageIndexFile, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return name, err
}

// rebuild is an index.json in the making.
type rebuild struct {
	blobs   *blobFolder
	log     *slog.Logger
	entries []*indexEntry
	// previous says that the index from before the last change could be used.
	previous bool
	// lost are the entries of the index before whose artifact is gone, by the
	// name of the skill; "" where they do not say it.
	lost map[string][]*indexEntry
}

// takePrevious takes over the tags of the index before, except for those whose
// artifact is gone: they were deleted, or moved to another artifact, by the
// change that the index before did not see.
func (r *rebuild) takePrevious(d *disk) {
	content, err := d.root.ReadFile(previousIndex)
	if err != nil {
		r.log.Warn("there is no index from before the last change to recover tags from", "error", err)
		return
	}
	previous, err := parseIndex(content, r.log)
	if err != nil {
		r.log.Warn("the index from before the last change is garbled too", "error", err)
		return
	}
	r.previous = true
	for _, e := range previous.entries {
		if _, err := r.blobs.size(e.key); err != nil && !e.opaque {
			name := e.desc.Annotations[KeyName]
			r.lost[name] = append(r.lost[name], e)
			continue
		}
		r.entries = append(r.entries, e)
	}
}

// takeRoots gives a tag to each skill that none of the entries reaches.
func (r *rebuild) takeRoots() error {
	found, err := r.findRoots()
	if err != nil {
		return err
	}
	byName := make(map[string]int)
	for _, root := range found {
		byName[root.artifact.Name]++
	}
	for _, root := range found {
		e, err := r.takeRoot(root, byName[root.artifact.Name] == 1)
		if err != nil {
			return err
		}
		r.entries = append(r.entries, e)
		r.log.Warn("an artifact without a tag is kept; which tag it had, and whether it was built or pulled, is lost",
			"tag", e.tag, "digest", e.desc.Digest, "skill", root.artifact.Name, "version", root.artifact.Version)
	}
	return nil
}

// takeRoot returns the entry for a root; alone says that it is the only one of
// its skill's name. With the index before the last change at hand, the root is
// what that change brought: most likely a build, and if the same skill has just
// lost a tag, of that tag. Without it, it may as well be one of many pulls; then
// it must not pass for a build of ours, and gets a tag that no skill has.
func (r *rebuild) takeRoot(root foundRoot, alone bool) (*indexEntry, error) {
	desc := root.artifact.Descriptor
	desc.Annotations = nil
	if !r.previous {
		return newIndexEntry(desc, recoveredTag+root.key.hex()[:12])
	}
	name := root.artifact.Name
	tag, marked := r.freeTag(root), true
	if lost := r.lost[name]; alone && len(lost) == 1 {
		tag, marked = lost[0].tag, lost[0].desc.Annotations[AnnotationLocalBuild] != ""
		delete(r.lost, name)
	}
	if marked {
		desc.Annotations = root.artifact.identity()
		desc.Annotations[AnnotationLocalBuild] = "true"
	}
	return newIndexEntry(desc, tag)
}

// recoveredTag begins the tag of an artifact whose own tag is lost; some digits
// of its digest follow.
const recoveredTag = "recovered-"

// freeTag returns a tag for the skill that no entry has: its name, else one
// that tells it apart.
func (r *rebuild) freeTag(root foundRoot) string {
	tag := root.artifact.Name
	if slices.ContainsFunc(r.entries, func(e *indexEntry) bool { return e.tag == tag }) {
		tag += "-" + root.key.hex()[:12]
	}
	return tag
}

// reportLost logs the tags that do not come back.
func (r *rebuild) reportLost() {
	for _, entries := range r.lost {
		for _, e := range entries {
			r.log.Warn("a tag does not come back: its artifact is gone, so that it was deleted or moved by the last change",
				"tag", e.tag, "digest", e.desc.Digest)
		}
	}
}

// foundRoot is a skill that was found among the blobs.
type foundRoot struct {
	key      key
	artifact Artifact
	written  time.Time
}

// findRoots returns the whole skills that nothing refers to, the latest first.
func (r *rebuild) findRoots() ([]foundRoot, error) {
	documents, err := r.blobs.documents()
	if err != nil {
		return nil, err
	}
	reached := make(map[key]bool)
	for _, doc := range documents {
		for _, child := range doc.edges {
			reached[child.key] = true
		}
	}
	for _, e := range r.entries {
		reached[e.key] = true
	}
	var found []foundRoot
	for k, doc := range documents {
		if reached[k] {
			continue
		}
		desc := ocispec.Descriptor{MediaType: doc.mediaType, Digest: k.digest(), Size: doc.size}
		if err := r.blobs.verifyAll(edge{key: k, manifest: true}); err != nil {
			r.log.Warn("a manifest without a tag is not whole, and is not kept", "digest", desc.Digest, "error", err)
			continue
		}
		artifact, err := ReadArtifact(context.Background(), blobFetcher{r.blobs}, desc)
		if err != nil {
			if err := r.keepUntagged(desc, err); err != nil {
				return nil, err
			}
			continue
		}
		found = append(found, foundRoot{key: k, artifact: artifact, written: doc.written})
	}
	slices.SortFunc(found, func(a, b foundRoot) int {
		return cmp.Or(b.written.Compare(a.written), strings.Compare(a.key.hex(), b.key.hex()))
	})
	return found, nil
}

// keepUntagged keeps what is whole but no skill, so that it is not taken for
// garbage; whoever put it there may tag it again.
func (r *rebuild) keepUntagged(desc ocispec.Descriptor, reason error) error {
	e, err := newIndexEntry(desc, "")
	if err != nil {
		return err
	}
	r.entries = append(r.entries, e)
	r.log.Warn("an artifact that is no skill is kept without a tag; which tag it had is lost", "digest", desc.Digest, "reason", reason)
	return nil
}
