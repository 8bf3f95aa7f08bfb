// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// indexEntry is one descriptor of index.json. It never changes once it is made.
type indexEntry struct {
	// tag is the name under org.opencontainers.image.ref.name; empty for a root
	// that another tool left without one.
	tag  string
	desc ocispec.Descriptor
	// key is the root's digest. opaque says that it has none because the digest
	// is of an algorithm that this store does not keep.
	key    key
	opaque bool
	// raw is the descriptor as JSON, kept so that index.json is written without
	// encoding what did not change.
	raw []byte
}

// newIndexEntry returns the entry that names desc by the tag; "" for none.
func newIndexEntry(desc ocispec.Descriptor, tag string) (*indexEntry, error) {
	k, err := parseDigest(desc.Digest)
	if err != nil {
		return nil, err
	}
	annotations := make(map[string]string, len(desc.Annotations)+1)
	maps.Copy(annotations, desc.Annotations)
	if tag != "" {
		annotations[ocispec.AnnotationRefName] = tag
	}
	desc.Annotations = annotations
	raw, err := json.Marshal(desc)
	if err != nil {
		return nil, fmt.Errorf("encoding the descriptor of tag %q: %w", tag, err)
	}
	return &indexEntry{tag: tag, desc: desc, key: k, raw: raw}, nil
}

// edge returns how the graph sees the entry's root.
func (e *indexEntry) edge() edge {
	return edge{key: e.key, manifest: isManifest(e.desc.MediaType)}
}

// snapshot is everything that index.json says at one moment. It never changes
// once it is published.
type snapshot struct {
	generation uint64
	// entries are sorted by tag, those without one first.
	entries []*indexEntry
}

// sort puts the entries in order while the snapshot is being made. Entries of
// one tag stay in the order that they have.
func (s *snapshot) sort() {
	slices.SortStableFunc(s.entries, func(a, b *indexEntry) int { return strings.Compare(a.tag, b.tag) })
}

// find returns where the tag is, or would be.
func (s *snapshot) find(tag string) (int, bool) {
	return slices.BinarySearchFunc(s.entries, tag, func(e *indexEntry, tag string) int { return strings.Compare(e.tag, tag) })
}

// lookup returns the tag's entry, or nil.
func (s *snapshot) lookup(tag string) *indexEntry {
	if i, found := s.find(tag); found && tag != "" {
		return s.entries[i]
	}
	return nil
}

// tagged returns the descriptors of the entries that have a tag.
func (s *snapshot) tagged() iter.Seq[ocispec.Descriptor] {
	return func(yield func(ocispec.Descriptor) bool) {
		for _, e := range s.entries {
			if e.tag != "" && !yield(e.desc) {
				return
			}
		}
	}
}

// An index.json of this store begins and ends with these, and has one
// descriptor a line between them.
const (
	indexHead = `{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageIndex + `","manifests":[`
	indexTail = "\n]}\n"
)

// writeTo writes the snapshot as an image index (image-spec, "OCI Image Index
// Specification").
func (s *snapshot) writeTo(w io.Writer) error {
	if _, err := io.WriteString(w, indexHead); err != nil {
		return err
	}
	separator := "\n"
	for _, e := range s.entries {
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if _, err := w.Write(e.raw); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err := io.WriteString(w, indexTail)
	return err
}

// parseIndex reads the content of index.json. One that writeTo wrote is cut at
// the ends of its lines, which saves two passes over it; whatever does not
// come apart that way is parsed as any other JSON.
func parseIndex(content []byte, log *slog.Logger) (*snapshot, error) {
	entries, err := parseIndexEntries(splitLines(content))
	if err != nil || len(entries) == 0 {
		var list []json.RawMessage
		if list, err = splitIndex(content); err == nil {
			entries, err = parseIndexEntries(list)
		}
	}
	if err != nil {
		return nil, err
	}
	s := &snapshot{generation: 1, entries: entries}
	s.sort()
	s.entries = lastOfEachTag(s.entries, log)
	return s, nil
}

// splitLines returns the descriptors of an index that writeTo wrote, not yet
// checked in any way; nil for an index of another form.
func splitLines(content []byte) []json.RawMessage {
	body, head := bytes.CutPrefix(content, []byte(indexHead+"\n"))
	body, tail := bytes.CutSuffix(body, []byte(indexTail))
	if !head || !tail {
		return nil
	}
	lines := bytes.Split(body, []byte(",\n"))
	list := make([]json.RawMessage, len(lines))
	for i, line := range lines {
		list[i] = line
	}
	return list
}

// splitIndex checks the frame of an image index and returns its descriptors as
// they stand there.
func splitIndex(content []byte) ([]json.RawMessage, error) {
	var index struct {
		specs.Versioned
		MediaType string            `json:"mediaType"`
		Manifests []json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(content, &index); err != nil {
		return nil, err
	}
	if index.SchemaVersion != 2 {
		return nil, fmt.Errorf("its schemaVersion is %d, not 2", index.SchemaVersion)
	}
	if index.MediaType != "" && index.MediaType != ocispec.MediaTypeImageIndex {
		return nil, fmt.Errorf("its mediaType is %q, not %q", index.MediaType, ocispec.MediaTypeImageIndex)
	}
	return index.Manifests, nil
}

// parseIndexEntries parses descriptors, on all processors: it is most of what
// the start of a large store costs.
func parseIndexEntries(list []json.RawMessage) ([]*indexEntry, error) {
	const share = 512
	entries := make([]*indexEntry, len(list))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for first := 0; first < len(list); first += share {
		group.Go(func() (err error) {
			for i := first; i < min(first+share, len(list)); i++ {
				if entries[i], err = parseIndexEntry(list[i]); err != nil {
					return fmt.Errorf("its descriptor number %d: %w", i+1, err)
				}
			}
			return nil
		})
	}
	return entries, group.Wait()
}

func parseIndexEntry(raw []byte) (*indexEntry, error) {
	e := &indexEntry{}
	if err := json.Unmarshal(raw, &e.desc); err != nil {
		return nil, err
	}
	var line bytes.Buffer // of its own: a part of the file's would keep all of that
	if err := json.Compact(&line, raw); err != nil {
		return nil, err
	}
	e.raw = line.Bytes()
	e.tag = e.desc.Annotations[ocispec.AnnotationRefName]
	var err error
	if e.key, err = parseDigest(e.desc.Digest); err == nil {
		return e, nil
	}
	if e.desc.Digest.Validate() != nil {
		return nil, err
	}
	e.opaque = true
	return e, nil
}

// lastOfEachTag drops all but the last of several entries for one tag, which
// only a tool other than this one can have written.
func lastOfEachTag(entries []*indexEntry, log *slog.Logger) []*indexEntry {
	kept := entries[:0]
	for i, e := range entries {
		if e.tag != "" && i+1 < len(entries) && entries[i+1].tag == e.tag {
			log.Warn("index.json names a tag twice; the last one counts", "tag", e.tag, "dropped", e.desc.Digest)
			continue
		}
		kept = append(kept, e)
	}
	return kept
}
