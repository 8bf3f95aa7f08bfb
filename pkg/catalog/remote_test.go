// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

// site is a web server with one catalogue file.
type site struct {
	mu         sync.Mutex
	text, etag string
	broken     bool
	requests   []string // the statuses answered, in order
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := http.StatusOK
	switch {
	case s.broken:
		status = http.StatusServiceUnavailable
	case s.etag != "" && r.Header.Get("If-None-Match") == s.etag:
		status = http.StatusNotModified
	}
	s.requests = append(s.requests, http.StatusText(status))
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(w, s.text)
	}
}

func (s *site) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *site) answered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

func TestAURLIsKeptAndAskedAgain(t *testing.T) {
	t.Parallel()
	s := &site{text: document(entry("io.example/one")), etag: `"1"`}
	w := open(t, urlSource(handle(t, s.ServeHTTP)))
	for range 3 {
		assert.Equal(t, []string{"io.example/one"}, names(t, w))
	}
	assert.Equal(t, []string{"OK"}, s.answered())

	w.clock.forward(6 * time.Minute)
	for range 2 {
		assert.Equal(t, []string{"io.example/one"}, names(t, w))
	}
	assert.Equal(t, []string{"OK", "Not Modified"}, s.answered())

	s.change(func() { s.text, s.etag = document(entry("io.example/two")), `"2"` })
	w.clock.forward(6 * time.Minute)
	assert.Equal(t, []string{"io.example/two"}, names(t, w))
	assert.Equal(t, []string{"OK", "Not Modified", "OK"}, s.answered())
}

func TestAURLIsAskedByDate(t *testing.T) {
	t.Parallel()
	const date = "Fri, 01 May 2026 00:00:00 GMT"
	var unchanged atomic.Int32
	w := open(t, urlSource(handle(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", date)
		if r.Header.Get("If-Modified-Since") == date {
			unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, document(entry("io.example/one")))
	})))
	names(t, w)
	w.clock.forward(6 * time.Minute)
	assert.Equal(t, []string{"io.example/one"}, names(t, w))
	assert.EqualValues(t, 1, unchanged.Load())
}

func TestAURLThatFailsKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	s := &site{text: document(entry("io.example/one"))}
	w := open(t, urlSource(handle(t, s.ServeHTTP)))
	names(t, w)
	s.change(func() { s.broken = true })
	w.clock.forward(6 * time.Minute)
	for range 3 {
		assert.Equal(t, []string{"io.example/one"}, names(t, w))
	}
	assert.Equal(t, []string{"OK", "Service Unavailable"}, s.answered(), "not asked again at once")
	assert.Contains(t, w.journal.String(), "503 Service Unavailable")

	s.change(func() { s.broken, s.text = false, document(entry("io.example/two")) })
	w.clock.forward(time.Minute)
	assert.Equal(t, []string{"io.example/two"}, names(t, w), "asked again before the usual time")

	s.change(func() { s.text = `<html>` })
	w.clock.forward(6 * time.Minute)
	assert.Equal(t, []string{"io.example/two"}, names(t, w))
}

func TestAURLThatNeverAnsweredIsAskedEveryTime(t *testing.T) {
	t.Parallel()
	s := &site{broken: true, text: document(entry("io.example/one"))}
	w := open(t, urlSource(handle(t, s.ServeHTTP)))
	_, err := w.Find(t.Context(), "", "one")
	assert.Equal(t, skills.Upstream, skills.KindOf(err))
	s.change(func() { s.broken = false })
	found, err := w.Find(t.Context(), "", "one")
	require.NoError(t, err)
	assert.Len(t, found, 1)
}

func TestARedirectIsFollowed(t *testing.T) {
	t.Parallel()
	target := serve(t, document(entry("io.example/one")))
	w := open(t, urlSource(handle(t, http.RedirectHandler(target, http.StatusFound).ServeHTTP)))
	assert.Equal(t, []string{"io.example/one"}, names(t, w))
}

func TestABombIsRefused(t *testing.T) {
	t.Parallel()
	location := handle(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		block := make([]byte, 1<<20)
		for range 64 {
			if _, err := packed.Write(block); err != nil {
				return
			}
		}
		_ = packed.Close()
	})
	err := open(t, catalog.Source{}).Set(t.Context(), urlSource(location))
	assert.Equal(t, skills.Upstream, skills.KindOf(err))
	assert.ErrorContains(t, err, "over 32 MiB")
}

func TestAPrivateDefaultFailsTheQuestionOnly(t *testing.T) {
	t.Parallel()
	w := open(t, catalog.Source{Type: skills.CatalogURL, Location: "https://127.0.0.1:1/c.json"})
	_, err := w.Find(t.Context(), "", "one")
	assert.Equal(t, skills.Upstream, skills.KindOf(err), "who asks did nothing wrong")
	assert.ErrorContains(t, err, "loopback")
}

func TestManyAskersMakeOneRequest(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	entered, release := make(chan struct{}), make(chan struct{})
	w := open(t, urlSource(handle(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			close(entered)
		}
		<-release
		_, _ = io.WriteString(w, document(entry("io.example/one")))
	})))
	var all sync.WaitGroup
	ask := func() {
		found, err := w.Find(t.Context(), "", "one")
		assert.NoError(t, err)
		assert.Len(t, found, 1)
	}
	all.Go(ask)
	<-entered
	for range 16 {
		all.Go(ask)
	}
	close(release)
	all.Wait()
	assert.EqualValues(t, 1, requests.Load())
}
