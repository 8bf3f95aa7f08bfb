// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

// registry is a registry API.
type registry struct {
	mu      sync.Mutex
	entries []string // full names
	broken  bool
	queries []url.Values
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	query := req.URL.Query()
	r.queries = append(r.queries, query)
	if r.broken || req.URL.Path != "/base/v0.1/x/dev.toolhive/skills" {
		http.NotFound(w, req)
		return
	}
	var matching []json.RawMessage
	for _, name := range r.entries {
		if strings.Contains(strings.ToLower(name), strings.ToLower(query.Get("search"))) {
			matching = append(matching, json.RawMessage(entry(name)))
		}
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	from := 0
	if cursor := query.Get("cursor"); cursor != "" {
		from, _ = strconv.Atoi(strings.TrimPrefix(cursor, "at&"))
	}
	to := min(from+limit, len(matching))
	metadata := map[string]any{"count": to - from}
	if to < len(matching) {
		metadata["nextCursor"] = "at&" + strconv.Itoa(to)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"skills": matching[from:to], "metadata": metadata})
}

func (r *registry) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *registry) asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queries)
}

func apiSource(base string) catalog.Source {
	return catalog.Source{Type: skills.CatalogAPI, Location: base, AllowPrivate: true}
}

func TestAnAPIIsPagedThrough(t *testing.T) {
	t.Parallel()
	r := &registry{}
	for i := range 250 {
		r.entries = append(r.entries, fmt.Sprintf("io.example/skill-%03d", i))
	}
	w := open(t, catalog.Source{})
	base := handle(t, r.ServeHTTP) + "/base/"
	require.NoError(t, w.Set(t.Context(), apiSource(base)))
	assert.Equal(t, 3, r.asked())
	page, err := w.Browse(t.Context(), "", 2, 200)
	require.NoError(t, err)
	assert.Equal(t, 250, page.Total)
	assert.Len(t, page.Entries, 50)
	assert.Equal(t, "skill-249", page.Entries[49].Name)
	assert.Equal(t, skills.CatalogInfo{Type: skills.CatalogAPI, Source: base}, w.Info(t.Context()))
	assert.Equal(t, 3, r.asked(), "kept")
}

func TestAnAPIIsSearchedAtTheServer(t *testing.T) {
	t.Parallel()
	r := &registry{entries: []string{"io.example/release-notes", "io.example/release-notes-2", "org.other/Release-Notes", "io.example/pdf"}}
	w := open(t, catalog.Source{Type: skills.CatalogAPI, Location: handle(t, r.ServeHTTP) + "/base", AllowPrivate: true})
	for range 2 {
		found, err := w.Find(t.Context(), "", "Release-notes")
		require.NoError(t, err)
		assert.Equal(t, []string{"io.example/release-notes", "org.other/Release-Notes"}, fullNames(found))
		found, err = w.Search(t.Context(), "release-notes")
		require.NoError(t, err)
		assert.Len(t, found, 3)
	}
	one, ok, err := w.Get(t.Context(), "org.OTHER", "release-notes")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "org.other/Release-Notes", one.FullName())
	assert.Equal(t, 1, r.asked())
	assert.Equal(t, "Release-notes", r.queries[0].Get("search"))

	r.change(func() { r.entries = append(r.entries, "io.new/release-notes") })
	w.clock.forward(2 * time.Minute)
	found, err := w.Find(t.Context(), "", "release-notes")
	require.NoError(t, err)
	assert.Len(t, found, 3, "a new skill is found soon")

	r.change(func() { r.broken = true })
	w.clock.forward(2 * time.Minute)
	found, err = w.Find(t.Context(), "", "release-notes")
	require.NoError(t, err)
	assert.Len(t, found, 3, "the last good answer is kept")
	assert.Contains(t, w.journal.String(), "404 Not Found")

	_, err = w.Find(t.Context(), "", "pdf")
	assert.Equal(t, skills.Upstream, skills.KindOf(err), "there is no last answer to this")
	_, err = w.Search(t.Context(), "pdf")
	assert.Equal(t, skills.Upstream, skills.KindOf(err))
}

func TestManySearchesAreForgottenInPart(t *testing.T) {
	t.Parallel()
	r := &registry{entries: []string{"io.example/notes"}}
	w := open(t, apiSource(handle(t, r.ServeHTTP)+"/base"))
	for i := range 300 {
		found, err := w.Find(t.Context(), "", fmt.Sprintf("term-%d", i))
		require.NoError(t, err)
		assert.Empty(t, found)
	}
	found, err := w.Find(t.Context(), "", "notes")
	require.NoError(t, err)
	assert.Len(t, found, 1)
}

func TestHostileAPIsAreRefused(t *testing.T) {
	t.Parallel()
	counter := 0
	endless := func(w http.ResponseWriter, _ *http.Request) {
		counter++
		_, _ = fmt.Fprintf(w, `{"skills":[],"metadata":{"nextCursor":"%d"}}`, counter)
	}
	filler := strings.Repeat(" ", 17<<20)
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"the same cursor again": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"skills":[`+entry("a/b")+`],"metadata":{"nextCursor":"x"}}`)
		}, "lead back"},
		"pages without end": {endless, "over 1000 pages"},
		"too many entries": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"skills":[`+strings.Repeat("0,", 60_000)+`0],"metadata":{"nextCursor":"`+r.URL.Query().Get("cursor")+`x"}}`)
		}, "over 100000 skills"},
		"too many bytes": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"skills":[]`+filler+`,"metadata":{"nextCursor":"`+r.URL.Query().Get("cursor")+`x"}}`)
		}, "over 64 MiB"},
		"odd metadata": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"skills":[],"metadata":{"nextCursor":7}}`)
		}, `"nextCursor" is a JSON number`},
		"skills that are no list": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"skills":{}}`)
		}, "not a list"},
		"a list": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[]`) }, "JSON array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := open(t, catalog.Source{}).Set(t.Context(), apiSource(handle(t, tt.handler)))
			assert.Equal(t, skills.Upstream, skills.KindOf(err))
			assert.ErrorContains(t, err, tt.says)
		})
	}
}

func TestAnAPIWithoutSkillsIsEmpty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"skills":[]}`, `{"skills":null,"metadata":null}`, `{"skills":[3,{}],"metadata":{"count":"odd"},"more":1}`} {
		w := open(t, catalog.Source{})
		require.NoError(t, w.Set(t.Context(), apiSource(serve(t, text))), text)
		assert.Empty(t, names(t, w))
	}
}
