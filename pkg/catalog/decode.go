// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// maxDocument bounds a catalogue file and a page of the registry API, in bytes.
	maxDocument = 32 << 20
	// maxEntries bounds the entries of a catalogue, malformed ones counted.
	maxEntries = 100_000
	// maxReasons bounds how many malformed entries the log describes.
	maxReasons = 5
)

// errTooLarge is the reason for which a document of more than maxDocument is none.
var errTooLarge = fmt.Errorf("it is over %d MiB", maxDocument>>20)

// noCatalogue returns the Upstream error for a source that holds something else.
func noCatalogue(where string, reason error) error {
	return skills.Wrap(skills.Upstream, reason, "%q is not a catalogue of skills: %v", where, reason)
}

// readBounded reads a whole document of maxDocument bytes at most.
func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxDocument {
		return nil, errTooLarge
	}
	return text, nil
}

// document is a catalogue file. Keys that are not here belong to other tools.
type document struct {
	Version json.RawMessage `json:"version"`
	Meta    json.RawMessage `json:"meta"`
	Data    *struct {
		Skills list `json:"skills"`
	} `json:"data"`
}

// parseDocument reads a catalogue file. The error says why it is none.
func parseDocument(text []byte) (*snapshot, error) {
	var doc document
	// Some editors put a byte order mark before UTF-8 text.
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &doc); err != nil {
		return nil, plain(err)
	}
	if doc.Data == nil {
		return nil, errors.New(`it has no "data" object`)
	}
	var meta struct {
		Updated json.RawMessage `json:"last_updated"`
	}
	if json.Unmarshal(doc.Meta, &meta) != nil {
		meta.Updated = nil
	}
	s := newSnapshot(doc.Data.Skills)
	s.version, s.updated = scalar(doc.Version), scalar(meta.Updated)
	return s, nil
}

// page is one answer of the registry API.
type page struct {
	Skills   json.RawMessage `json:"skills"`
	Metadata json.RawMessage `json:"metadata"`
}

// parsePage reads an answer of the registry API: its entries, and the cursor of
// the next page, "" on the last. The error says why it is no such answer.
func parsePage(text []byte) (list, string, error) {
	var p page
	if err := json.Unmarshal(text, &p); err != nil {
		return list{}, "", plain(err)
	}
	if p.Skills == nil {
		return list{}, "", errors.New(`it has no "skills" list`)
	}
	var entries list
	if err := json.Unmarshal(p.Skills, &entries); err != nil {
		return list{}, "", err
	}
	var meta struct {
		Next string `json:"nextCursor"`
	}
	if p.Metadata != nil {
		if err := json.Unmarshal(p.Metadata, &meta); err != nil {
			return list{}, "", plain(err)
		}
	}
	return entries, meta.Next, nil
}

// list is a JSON list of entries that survives malformed ones.
type list struct {
	entries []skills.CatalogEntry
	// skipped counts the malformed entries; reasons describes the first of them.
	skipped int
	reasons []string
}

// UnmarshalJSON reads the entries one by one and leaves malformed ones out.
func (l *list) UnmarshalJSON(text []byte) error {
	*l = list{}
	if string(text) == "null" {
		return nil
	}
	if text[0] != '[' {
		return errors.New("its skills are not a list")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for number := 1; decoder.More(); number++ {
		if number > maxEntries {
			return fmt.Errorf("it has over %d skills", maxEntries)
		}
		var entry skills.CatalogEntry
		err := decoder.Decode(&entry)
		if err == nil {
			err = checkEntry(entry)
		}
		if err != nil {
			l.skip(number, plain(err))
			continue
		}
		l.entries = append(l.entries, entry)
	}
	return nil
}

func (l *list) skip(number int, reason error) {
	l.skipped++
	if len(l.reasons) < maxReasons {
		l.reasons = append(l.reasons, fmt.Sprintf("skill %d: %v", number, reason))
	}
}

// add appends the entries of another page.
func (l *list) add(other list) error {
	l.entries = append(l.entries, other.entries...)
	l.skipped += other.skipped
	l.reasons = append(l.reasons, other.reasons[:min(len(other.reasons), maxReasons-len(l.reasons))]...)
	if len(l.entries)+l.skipped > maxEntries {
		return fmt.Errorf("it has over %d skills", maxEntries)
	}
	return nil
}

// plain says what encoding/json found wrong without the names of Go types.
func plain(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is not JSON: %w, at byte %d", err, syntax.Offset)
	}
	var mismatch *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &mismatch):
		return err
	case mismatch.Field == "":
		return fmt.Errorf("it is a JSON %s", mismatch.Value)
	default:
		return fmt.Errorf("its %q is a JSON %s", mismatch.Field, mismatch.Value)
	}
}

// scalar returns a JSON string's value or a number's text, "" for all else.
func scalar(raw json.RawMessage) string {
	var number json.Number
	if json.Unmarshal(raw, &number) == nil && len(raw) > 0 && raw[0] != '"' {
		return number.String()
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
