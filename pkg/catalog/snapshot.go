// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"log/slog"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// snapshot is a catalogue as it was at one time. It never changes.
type snapshot struct {
	version, updated string
	entries          []skills.CatalogEntry
	// named has the positions of the entries with a name, in lower case.
	named map[string][]int
	// text is what each entry is searched by, in lower case.
	text []string

	skipped int
	reasons []string
	// etag and modified are what the server said of the document, for asking
	// whether it is still the same (RFC 9110, section 8.8).
	etag, modified string
}

func newSnapshot(l list) *snapshot {
	s := &snapshot{
		entries: l.entries,
		named:   make(map[string][]int, len(l.entries)),
		text:    make([]string, len(l.entries)),
		skipped: l.skipped,
		reasons: l.reasons,
	}
	for i, e := range l.entries {
		name := strings.ToLower(e.Name)
		s.named[name] = append(s.named[name], i)
		// Line ends keep a term from matching across two fields.
		s.text[i] = strings.ToLower(e.Namespace + "\n" + e.Name + "\n" + e.Description)
	}
	return s
}

// find returns the entries of exactly this name and, unless it is empty,
// namespace, case ignored.
func (s *snapshot) find(namespace, name string) []skills.CatalogEntry {
	var found []skills.CatalogEntry
	for _, i := range s.named[strings.ToLower(name)] {
		if namespace == "" || strings.EqualFold(namespace, s.entries[i].Namespace) {
			found = append(found, s.entries[i])
		}
	}
	return found
}

// search returns the positions of the entries whose namespace, name or
// description has the term in it, case ignored.
func (s *snapshot) search(term string) []int {
	term = strings.ToLower(term)
	var found []int
	for i, text := range s.text {
		if strings.Contains(text, term) {
			found = append(found, i)
		}
	}
	return found
}

// at returns the entries at the positions.
func (s *snapshot) at(positions []int) []skills.CatalogEntry {
	entries := make([]skills.CatalogEntry, len(positions))
	for i, position := range positions {
		entries[i] = s.entries[position]
	}
	return entries
}

// logSkipped says in the log what was left out of the catalogue.
func (s *snapshot) logSkipped(log *slog.Logger) {
	if s.skipped > 0 {
		log.Warn("the catalogue has malformed entries, which are left out",
			"skipped", s.skipped, "kept", len(s.entries), "reasons", s.reasons)
	}
}
