// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

// settings is a memory that outlives a Catalog.
type settings struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
}

func (s *settings) Setting(_ context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.values[key]
	return value, ok, s.broken
}

func (s *settings) SetSetting(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.values[key] = value
	}
	return s.broken
}

func (s *settings) DeleteSetting(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		delete(s.values, key)
	}
	return s.broken
}

// clock is a clock that tests set forward.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// journal collects log lines.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// world is a catalogue with all that is around it.
type world struct {
	*catalog.Catalog
	settings *settings
	clock    *clock
	journal  *journal
}

// open makes a catalogue with the default source, after change has had a say.
func open(t testing.TB, standard catalog.Source, change ...func(*catalog.Config)) world {
	t.Helper()
	w := world{settings: &settings{values: map[string][]byte{}}, clock: &clock{}, journal: &journal{}}
	config := catalog.Config{
		Default: standard, Settings: w.settings, Now: w.clock.now,
		Log: slog.New(slog.NewTextHandler(w.journal, nil)),
	}
	for _, f := range change {
		f(&config)
	}
	c, err := catalog.Open(context.Background(), config)
	require.NoError(t, err)
	w.Catalog = c
	return w
}

// document is a catalogue file with the entries, each a JSON value.
func document(entries ...string) string {
	return `{"version":"1.0.0","meta":{"last_updated":"2026-05-01T00:00:00Z"},"data":{"servers":[{"x":1}],"skills":[` + strings.Join(entries, ",") + `]}}`
}

// entry is an entry with a name and not much else.
func entry(fullName string) string {
	namespace, name, _ := strings.Cut(fullName, "/")
	return fmt.Sprintf(`{"namespace":%q,"name":%q,"description":"About %s.","version":"1"}`, namespace, name, name)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// fileSource writes a catalogue file and returns it as a source.
func fileSource(t testing.TB, text string) catalog.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalogue.json")
	writeFile(t, path, text)
	return catalog.Source{Type: skills.CatalogFile, Location: path}
}

// serve answers every request with the text.
func serve(t testing.TB, text string) string {
	t.Helper()
	return handle(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
}

func handle(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func urlSource(location string) catalog.Source {
	return catalog.Source{Type: skills.CatalogURL, Location: location, AllowPrivate: true}
}

// names lists the full names that Browse has on its first page.
func names(t testing.TB, w world) []string {
	t.Helper()
	page, err := w.Browse(t.Context(), "", 1, 0)
	require.NoError(t, err)
	return fullNames(page.Entries)
}

func fullNames(entries []skills.CatalogEntry) []string {
	all := []string{}
	for _, e := range entries {
		all = append(all, e.FullName())
	}
	return all
}

func TestNoCatalogueIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	w := open(t, catalog.Source{})
	assert.Empty(t, names(t, w))
	found, err := w.Find(t.Context(), "", "notes")
	require.NoError(t, err)
	assert.Empty(t, found)
	_, ok, err := w.Get(t.Context(), "io.example", "notes")
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, skills.CatalogInfo{Type: skills.CatalogDefault}, w.Info(t.Context()))
}

func TestSetChecksTheSourceAndKeepsTheOldOnFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "list.json"), `[1,2]`)
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, unused.Close())
	missing := handle(t, http.NotFound)
	loop := handle(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	cut := handle(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"data":`))
	})

	tests := []struct {
		name   string
		source catalog.Source
		kind   skills.Kind
		says   string
	}{
		{"file that is not there", catalog.Source{Type: skills.CatalogFile, Location: filepath.Join(dir, "none.json")}, skills.Invalid, "does not exist"},
		{"folder", catalog.Source{Type: skills.CatalogFile, Location: dir}, skills.Invalid, "not a file"},
		{"relative path", catalog.Source{Type: skills.CatalogFile, Location: "list.json"}, skills.Invalid, "absolute"},
		{"path with dots", catalog.Source{Type: skills.CatalogFile, Location: dir + "/../list.json"}, skills.Invalid, ".."},
		{"file that is no catalogue", catalog.Source{Type: skills.CatalogFile, Location: filepath.Join(dir, "list.json")}, skills.Upstream, "JSON array"},
		{"malformed URL", catalog.Source{Type: skills.CatalogURL, Location: "https://exa mple/"}, skills.Invalid, "malformed"},
		{"no host", catalog.Source{Type: skills.CatalogURL, Location: "https:///x"}, skills.Invalid, "https://host/path"},
		{"other scheme", catalog.Source{Type: skills.CatalogURL, Location: "ftp://host/x", AllowPrivate: true}, skills.Invalid, "https://host/path"},
		{"port", catalog.Source{Type: skills.CatalogURL, Location: "https://host:99999/x"}, skills.Invalid, "https://host/path"},
		{"long URL", catalog.Source{Type: skills.CatalogURL, Location: "https://host/" + strings.Repeat("x", 5000)}, skills.Invalid, "over 2048 bytes"},
		{"plain HTTP", catalog.Source{Type: skills.CatalogURL, Location: "http://example.com/x"}, skills.Invalid, "allow_private_ip"},
		{"plain HTTP API", catalog.Source{Type: skills.CatalogAPI, Location: "http://example.com"}, skills.Invalid, "allow_private_ip"},
		{"API with a query", catalog.Source{Type: skills.CatalogAPI, Location: "https://example.com?x=1"}, skills.Invalid, "query"},
		{"password", catalog.Source{Type: skills.CatalogURL, Location: "https://me:secret@example.com/x"}, skills.Invalid, "password"},
		{"private host", catalog.Source{Type: skills.CatalogURL, Location: "https://127.0.0.1:1/x"}, skills.Invalid, "a loopback address"},
		{"private host by name", catalog.Source{Type: skills.CatalogURL, Location: "https://inside.example/x"}, skills.Invalid, "a private address"},
		{"private API", catalog.Source{Type: skills.CatalogAPI, Location: "https://inside.example"}, skills.Invalid, "a private address"},
		{"unknown type", catalog.Source{Type: "carrier-pigeon", Location: "x"}, skills.Invalid, "carrier-pigeon"},
		{"404", urlSource(missing + "/x?token=secret"), skills.Upstream, "404 Not Found"},
		{"404 of an API", catalog.Source{Type: skills.CatalogAPI, Location: missing, AllowPrivate: true}, skills.Upstream, "404 Not Found"},
		{"not JSON", urlSource(serve(t, "<html>")), skills.Upstream, "not JSON"},
		{"other JSON", urlSource(serve(t, `{"version":"1"}`)), skills.Upstream, `no "data"`},
		{"skills that are no list", urlSource(serve(t, `{"data":{"skills":{"a":1}}}`)), skills.Upstream, "not a list"},
		{"data that is no object", urlSource(serve(t, `{"data":[]}`)), skills.Upstream, `"data" is a JSON array`},
		{"other JSON from an API", catalog.Source{Type: skills.CatalogAPI, Location: serve(t, `{"data":{"skills":[]}}`), AllowPrivate: true}, skills.Upstream, `no "skills"`},
		{"redirect loop", urlSource(loop), skills.Upstream, "redirects"},
		{"cut off", urlSource(cut), skills.Upstream, "broke off"},
		{"nobody there", urlSource("http://" + unused.Addr().String() + "/?token=secret"), skills.Timeout, "cannot be reached"},
		{"unknown host", urlSource("http://unknown.example/?token=secret"), skills.Timeout, "cannot be reached"},
	}
	w := open(t, catalog.Source{}, func(c *catalog.Config) {
		c.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "inside.example" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
	})
	old := fileSource(t, document(entry("io.example/notes")))
	require.NoError(t, w.Set(t.Context(), old))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := w.Set(t.Context(), tt.source)
			require.Error(t, err)
			assert.Equal(t, tt.kind, skills.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, err.Error(), "Go ")
			assert.Equal(t, []string{"io.example/notes"}, names(t, w))
			assert.Equal(t, old.Location, w.Info(t.Context()).Source)
		})
	}
}

func TestAServerThatHangsIsATimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hang := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	location := handle(t, hang)
	t.Cleanup(func() { close(release) })
	w := open(t, catalog.Source{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := w.Set(ctx, urlSource(location))
	assert.Equal(t, skills.Timeout, skills.KindOf(err))
	require.ErrorContains(t, err, "did not answer in time")
}

func TestTheChoiceSurvivesARestart(t *testing.T) {
	t.Parallel()
	standard := fileSource(t, document(entry("io.example/standard")))
	chosen := urlSource(serve(t, document(entry("io.example/chosen"))))
	w := open(t, standard)
	require.NoError(t, w.Set(t.Context(), chosen))
	restart := func() world {
		return open(t, standard, func(c *catalog.Config) { c.Settings = w.settings })
	}

	again := restart()
	assert.Equal(t, []string{"io.example/chosen"}, names(t, again))
	assert.Equal(t, skills.CatalogInfo{Version: "1.0.0", LastUpdated: "2026-05-01T00:00:00Z", Type: skills.CatalogURL, Source: chosen.Location}, again.Info(t.Context()))

	require.NoError(t, again.Set(t.Context(), catalog.Source{}))
	for _, w := range []world{again, restart()} {
		assert.Equal(t, []string{"io.example/standard"}, names(t, w))
		assert.Equal(t, skills.CatalogInfo{Version: "1.0.0", LastUpdated: "2026-05-01T00:00:00Z", Type: skills.CatalogDefault, Source: standard.Location}, w.Info(t.Context()))
	}
}

func TestABrokenChoiceFallsBackToTheDefault(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`{`, `{"type":"file","location":"relative"}`} {
		kept := &settings{values: map[string][]byte{"catalog.source": []byte(value)}}
		w := open(t, fileSource(t, document(entry("io.example/standard"))), func(c *catalog.Config) { c.Settings = kept })
		assert.Equal(t, []string{"io.example/standard"}, names(t, w))
		assert.Contains(t, w.journal.String(), "cannot be restored")
	}
}

func TestAChoiceThatCannotBeKeptIsNotMade(t *testing.T) {
	t.Parallel()
	w := open(t, fileSource(t, document(entry("io.example/standard"))))
	w.settings.broken = assert.AnError
	require.ErrorIs(t, w.Set(t.Context(), fileSource(t, document(entry("io.example/chosen")))), assert.AnError)
	require.ErrorIs(t, w.Reset(t.Context()), assert.AnError)
	assert.Equal(t, []string{"io.example/standard"}, names(t, w))
	_, err := catalog.Open(t.Context(), catalog.Config{Settings: w.settings})
	require.ErrorIs(t, err, assert.AnError)
}

func TestOpenRefusesAMalformedDefault(t *testing.T) {
	t.Parallel()
	_, err := catalog.Open(t.Context(), catalog.Config{
		Default: catalog.Source{Type: skills.CatalogURL, Location: "http://example.com"}, Settings: &settings{},
	})
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
}

func TestAPrivateHostIsReachedWhereAllAre(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	source := catalog.Source{Type: skills.CatalogURL, Location: server.URL}
	assert.Equal(t, skills.Invalid, skills.KindOf(open(t, catalog.Source{}).Set(t.Context(), source)))
	// Its certificate is not one that the machine trusts; but it was dialled.
	err := open(t, catalog.Source{}, func(c *catalog.Config) { c.AllowPrivate = true }).Set(t.Context(), source)
	require.ErrorContains(t, err, "certificate")
	assert.Equal(t, skills.Timeout, skills.KindOf(err))
}

func TestNewSource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, url, api string
		private        bool
		want           catalog.Source // without a type for an Invalid error
	}{
		{"", "", "", true, catalog.Source{Type: skills.CatalogDefault}},
		{"/a/b.json", "", "", true, catalog.Source{Type: skills.CatalogFile, Location: "/a/b.json"}},
		{"", "https://h/x?y=z", "", false, catalog.Source{Type: skills.CatalogURL, Location: "https://h/x?y=z"}},
		{"", "http://h/x", "", true, catalog.Source{Type: skills.CatalogURL, Location: "http://h/x", AllowPrivate: true}},
		{"", "", "https://h:8443", false, catalog.Source{Type: skills.CatalogAPI, Location: "https://h:8443"}},
		{"/a/b.json", "https://h/x", "", false, catalog.Source{}},
		{"", "https://h/x", "https://h", false, catalog.Source{}},
		{"/a/b.json", "https://h/x", "https://h", false, catalog.Source{}},
		{"b.json", "", "", false, catalog.Source{}},
		{"", "http://h/x", "", false, catalog.Source{}},
	}
	for _, tt := range tests {
		s, err := catalog.NewSource(tt.path, tt.url, tt.api, tt.private)
		if tt.want.Type == "" {
			assert.True(t, skills.IsKind(err, skills.Invalid), "%+v: %v", tt, err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, tt.want, s)
	}
}

func TestParseSource(t *testing.T) {
	t.Parallel()
	s, err := catalog.ParseSource("", false)
	require.NoError(t, err)
	assert.Equal(t, catalog.Source{Type: skills.CatalogDefault}, s)

	s, err = catalog.ParseSource("some/catalogue.json", true)
	require.NoError(t, err)
	want, err := filepath.Abs("some/catalogue.json")
	require.NoError(t, err)
	assert.Equal(t, catalog.Source{Type: skills.CatalogFile, Location: want}, s)

	s, err = catalog.ParseSource("http://127.0.0.1:1/c.json", true)
	require.NoError(t, err)
	assert.Equal(t, catalog.Source{Type: skills.CatalogURL, Location: "http://127.0.0.1:1/c.json", AllowPrivate: true}, s)

	_, err = catalog.ParseSource("http://127.0.0.1:1/c.json", false)
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
}
