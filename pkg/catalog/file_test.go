// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

func TestLookupIsExactAndIgnoresCase(t *testing.T) {
	t.Parallel()
	w := open(t, fileSource(t, document(
		entry("io.example/release-notes"), entry("io.example/Release-Notes-2"), entry("org.other/release-NOTES"), entry("/bare"))))
	tests := []struct {
		namespace, name string
		want            []string
	}{
		{"", "release-notes", []string{"io.example/release-notes", "org.other/release-NOTES"}},
		{"", "RELEASE-NOTES", []string{"io.example/release-notes", "org.other/release-NOTES"}},
		{"IO.Example", "Release-notes", []string{"io.example/release-notes"}},
		{"", "release", []string{}},
		{"io.other", "release-notes", []string{}},
		{"", "bare", []string{"bare"}},
		{"", "", []string{}},
		{"", strings.Repeat("x", 300), []string{}},
	}
	for _, tt := range tests {
		found, err := w.Find(t.Context(), tt.namespace, tt.name)
		require.NoError(t, err)
		assert.Equal(t, tt.want, fullNames(found), "%s/%s", tt.namespace, tt.name)
	}
	one, ok, err := w.Get(t.Context(), "ORG.other", "release-notes")
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, "org.other/release-NOTES", one.FullName())
}

func TestSearchLooksAtNameNamespaceAndDescription(t *testing.T) {
	t.Parallel()
	w := open(t, fileSource(t, document(
		`{"namespace":"io.alpha","name":"one","description":"Makes PDF files","title":"hidden"}`,
		`{"namespace":"io.beta","name":"pdf-tool","description":""}`,
		`{"namespace":"pdf.gamma","name":"three","description":"x"}`,
		`{"namespace":"io.delta","name":"four","description":"x"}`)))
	found, err := w.Search(t.Context(), "Pdf")
	require.NoError(t, err)
	assert.Equal(t, []string{"io.alpha/one", "io.beta/pdf-tool", "pdf.gamma/three"}, fullNames(found))
	found, err = w.Search(t.Context(), "hidden")
	require.NoError(t, err)
	assert.Empty(t, found)

	page, err := w.Browse(t.Context(), " PDF ", 1, 2)
	require.NoError(t, err)
	assert.Equal(t, []string{"io.alpha/one", "io.beta/pdf-tool"}, fullNames(page.Entries))
	assert.Equal(t, 3, page.Total)
}

func TestBrowsePages(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range 450 {
		entries = append(entries, entry(fmt.Sprintf("io.example/skill-%03d", i)))
	}
	w := open(t, fileSource(t, document(entries...)))
	tests := []struct {
		page, limit                 int
		wantPage, wantLimit, length int
		first                       string
	}{
		{0, 0, 1, 50, 50, "skill-000"},
		{-3, -1, 1, 50, 50, "skill-000"},
		{2, 100, 2, 100, 100, "skill-100"},
		{5, 100, 5, 100, 50, "skill-400"},
		{3, 1000, 3, 200, 50, "skill-400"},
		{4, 200, 4, 200, 0, ""},
		{10, 50, 10, 50, 0, ""},
		{9, 50, 9, 50, 50, "skill-400"},
		{math.MaxInt, 200, math.MaxInt, 200, 0, ""},
	}
	for _, tt := range tests {
		page, err := w.Browse(t.Context(), "", tt.page, tt.limit)
		require.NoError(t, err)
		assert.Equal(t, 450, page.Total)
		assert.Equal(t, tt.wantPage, page.Page)
		assert.Equal(t, tt.wantLimit, page.Limit)
		require.NotNil(t, page.Entries)
		require.Len(t, page.Entries, tt.length, "%+v", tt)
		if tt.length > 0 {
			assert.Equal(t, tt.first, page.Entries[0].Name)
		}
	}
}

func TestAnEntryKeepsWhatItHolds(t *testing.T) {
	t.Parallel()
	text := `{"namespace":"io.example","name":"notes","description":"d","version":"1.2","status":"active","title":"Notes",
		"license":"MIT","compatibility":"any","allowedTools":["Read","Bash(git:*)"],"repository":{"url":"https://h/o/r","type":"git"},
		"icons":[{"src":"https://h/i.png","size":"16x16","other":1}],
		"packages":[{"registryType":"oci","identifier":"ghcr.io/o/r:1","digest":"sha256:ab","mediaType":"m"},
			{"registryType":"git","url":"https://h/o/r","ref":"v1","commit":"c","subfolder":"s"}],
		"metadata":{"number":12345678901234567890,"deep":{"a":[1]}},"_meta":{"io.example/x":{"y":true}}}`
	w := open(t, fileSource(t, document(strings.Replace(text, `"status"`, `"unknown":{"a":1},"status"`, 1))))
	found, err := w.Find(t.Context(), "", "notes")
	require.NoError(t, err)
	require.Len(t, found, 1)
	back, err := json.Marshal(found[0])
	require.NoError(t, err)
	assert.JSONEq(t, text, string(back))
	assert.Contains(t, string(back), "12345678901234567890")
}

func TestMalformedEntriesAreLeftOutAndLogged(t *testing.T) {
	t.Parallel()
	w := open(t, fileSource(t, document(
		`null`, `3`, `"text"`, `[]`, `{}`, `{"name":7}`, `{"name":"a","packages":{}}`, `{"name":"a/b"}`, `{"name":"a b"}`,
		`{"name":"a","namespace":"x\u0000"}`, `{"name":"`+strings.Repeat("n", 300)+`"}`, entry("io.example/good"))))
	assert.Equal(t, []string{"io.example/good"}, names(t, w))
	assert.Contains(t, w.journal.String(), "skipped=11")
	assert.NotContains(t, w.journal.String(), "Go struct")
}

func TestOddFilesAreCatalogues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]skills.CatalogInfo{
		`{"data":{}}`:                                       {},
		`{"data":{"skills":null}}`:                          {},
		"\ufeff" + `{"data":{}}`:                            {},
		`{"version":2,"data":{}}`:                           {Version: "2"},
		`{"version":"2","data":{}}`:                         {Version: "2"},
		`{"version":["2"],"data":{}}`:                       {},
		`{"meta":"x","data":{}}`:                            {},
		`{"meta":["x"],"data":{}}`:                          {},
		`{"version":null,"data":{}}`:                        {},
		`{"data":{"servers":"odd"}}`:                        {},
		`{"meta":{"last_updated":5},"data":{},"$schema":1}`: {LastUpdated: "5"},
	} {
		w := open(t, fileSource(t, text))
		assert.Empty(t, names(t, w), text)
		info := w.Info(t.Context())
		assert.Equal(t, want.Version, info.Version, text)
		assert.Equal(t, want.LastUpdated, info.LastUpdated, text)
	}
}

func TestAFileIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	source := fileSource(t, document(entry("io.example/one")))
	w := open(t, source)
	assert.Equal(t, []string{"io.example/one"}, names(t, w))

	// Rewritten in place, of the same size, within the step of the file's time.
	writeFile(t, source.Location, document(entry("io.example/two")))
	assert.Equal(t, []string{"io.example/two"}, names(t, w))

	// Long settled, and replaced by rename.
	past := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(source.Location, past, past))
	assert.Equal(t, []string{"io.example/two"}, names(t, w))
	next := source.Location + ".next"
	writeFile(t, next, document(entry("io.example/six")))
	require.NoError(t, os.Chtimes(next, past, past))
	require.NoError(t, os.Rename(next, source.Location))
	assert.Equal(t, []string{"io.example/six"}, names(t, w))
}

func TestAFileThatFailsKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	source := fileSource(t, document(entry("io.example/good")))
	w := open(t, catalog.Source{})
	require.NoError(t, w.Set(t.Context(), source))

	writeFile(t, source.Location, `{"data":`)
	for range 3 {
		assert.Equal(t, []string{"io.example/good"}, names(t, w))
	}
	assert.Equal(t, 1, strings.Count(w.journal.String(), "what it held before is kept"), "told once")

	require.NoError(t, os.Remove(source.Location))
	assert.Equal(t, []string{"io.example/good"}, names(t, w))
	assert.Contains(t, w.journal.String(), "does not exist")

	writeFile(t, source.Location, document(entry("io.example/back")))
	assert.Equal(t, []string{"io.example/back"}, names(t, w))
}

func TestAFileThatNeverWasACatalogueFailsTheQuestion(t *testing.T) {
	t.Parallel()
	source := fileSource(t, `[]`)
	w := open(t, source)
	questions := map[string]func() error{
		"find":   func() error { _, err := w.Find(t.Context(), "", "notes"); return err },
		"get":    func() error { _, _, err := w.Get(t.Context(), "", "notes"); return err },
		"search": func() error { _, err := w.Search(t.Context(), "notes"); return err },
		"browse": func() error { _, err := w.Browse(t.Context(), "", 1, 1); return err },
	}
	for name, ask := range questions {
		assert.Equal(t, skills.Upstream, skills.KindOf(ask()), name)
	}
	assert.Equal(t, skills.CatalogInfo{Type: skills.CatalogDefault, Source: source.Location}, w.Info(t.Context()))

	require.NoError(t, os.Remove(source.Location))
	for name, ask := range questions {
		assert.Equal(t, skills.Upstream, skills.KindOf(ask()), name)
	}
	writeFile(t, source.Location, document())
	for name, ask := range questions {
		require.NoError(t, ask(), name)
	}
}

func TestAFileOverTheBoundIsRefused(t *testing.T) {
	t.Parallel()
	source := fileSource(t, "")
	require.NoError(t, os.Truncate(source.Location, 33<<20))
	err := open(t, catalog.Source{}).Set(t.Context(), source)
	assert.Equal(t, skills.Upstream, skills.KindOf(err))
	assert.ErrorContains(t, err, "over 32 MiB")
}

func TestTooManyEntriesAreRefused(t *testing.T) {
	t.Parallel()
	err := open(t, catalog.Source{}).Set(t.Context(), fileSource(t, document(strings.Repeat("0,", 100_000)+"0")))
	assert.Equal(t, skills.Upstream, skills.KindOf(err))
	assert.ErrorContains(t, err, "over 100000 skills")
}
