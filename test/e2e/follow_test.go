// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/internal/registrytest"
)

// progress is the data of an event of that name.
type progress struct {
	Phase      string
	BytesDone  int64 `json:"bytes_done"`
	BytesTotal int64 `json:"bytes_total"`
}

// stream is what server-sent events told: how the work went, and its end.
type stream struct {
	progress []progress
	// last is the name of the last event, and data what it says.
	last, data string
}

// phases are the phases in the order of their first report.
func (s stream) phases() []string {
	var found []string
	for _, p := range s.progress {
		if len(found) == 0 || found[len(found)-1] != p.Phase {
			found = append(found, p.Phase)
		}
	}
	return found
}

// of are the reports of one phase.
func (s stream) of(phase string) []progress {
	var found []progress
	for _, p := range s.progress {
		if p.Phase == phase {
			found = append(found, p)
		}
	}
	return found
}

// follow sends a request for events and reads them to the end.
func (d *daemon) follow(method, path string, body object) stream {
	d.t.Helper()
	header := http.Header{"Accept": {"text/event-stream"}}
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(d.t, err)
		text = string(encoded)
		header.Set("Content-Type", "application/json")
	}
	a := d.send(method, path, text, header).is(200)
	require.Equal(d.t, "text/event-stream", a.Header.Get("Content-Type"), "%s", a.Body)
	return parseStream(d.t, a.Body)
}

// parseStream reads a stream of events and checks that each is well-formed.
func parseStream(t *testing.T, text string) stream {
	t.Helper()
	var s stream
	for block := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		if strings.HasPrefix(block, ":") {
			continue
		}
		require.Contains(t, []string{"", "progress"}, s.last, "no event comes after the last")
		name, data, ok := strings.Cut(block, "\ndata: ")
		require.True(t, ok && strings.HasPrefix(name, "event: "), "%q", block)
		s.last, s.data = strings.TrimPrefix(name, "event: "), data
		if s.last == "progress" {
			var p progress
			require.NoError(t, json.Unmarshal([]byte(data), &p))
			s.progress = append(s.progress, p)
		}
	}
	require.Contains(t, []string{"result", "error"}, s.last, "the last event is the answer")
	return s
}

// bulky makes a skill of about 2 MiB that does not compress.
func bulky(t *testing.T) string {
	t.Helper()
	noise := make([]byte, 2<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise)
	return makeSkill(t, "my-skill", "1.0", map[string]string{"noise.bin": string(noise)})
}

// publishBulky puts a bulky skill into a registry of its own and returns its
// reference there and its layer's digest.
func publishBulky(t *testing.T) (registry *registrytest.Server, ref, layer string) {
	t.Helper()
	registry = registrytest.Open(t)
	ref = registry.Reference(repository, "1.0")
	publisher := start(t, options{})
	publisher.mustBuild(bulky(t), ref)
	publisher.post(pushPath, object{"reference": ref}).is(204)
	return registry, ref, "sha256:" + filepath.Base(publisher.layer())
}

// TestFollowingATransfer pushes, previews and installs a skill through a slow
// registry and watches it come and go.
func TestFollowingATransfer(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref := registry.Reference(repository, "1.0")
	d := start(t, options{})
	dir := bulky(t)
	d.mustBuild(dir, ref)

	pushed := d.follow(http.MethodPost, pushPath, object{"reference": ref})
	assert.Equal(t, "result", pushed.last)
	assert.Equal(t, "{}", pushed.data)
	assert.Equal(t, []string{"push"}, pushed.phases())
	end := pushed.progress[len(pushed.progress)-1]
	assert.Greater(t, end.BytesTotal, int64(2<<20))
	assert.Equal(t, end.BytesTotal, end.BytesDone)

	registry.Break(registrytest.On(http.MethodGet, "/blobs/", registrytest.Slowly(5, 150*time.Millisecond)))
	other := start(t, options{})
	path := contentPath + "?ref=" + url.QueryEscape(ref)
	previewed := other.follow(http.MethodGet, path, nil)
	assert.Equal(t, []string{"pull", "extract"}, previewed.phases())
	for _, phase := range previewed.phases() {
		seen := previewed.of(phase)
		for i, p := range seen {
			assert.Equal(t, seen[0].BytesTotal, p.BytesTotal)
			if i > 0 {
				assert.Greater(t, p.BytesDone, seen[i-1].BytesDone, "each event brings news")
			}
		}
		assert.Equal(t, seen[0].BytesTotal, seen[len(seen)-1].BytesDone)
	}
	assert.GreaterOrEqual(t, len(previewed.of("pull")), 3, "a slow pull can be watched: %v", previewed.progress)
	assert.JSONEq(t, other.content(ref).is(200).Body, previewed.data, "the last event is the answer that others get")

	third := start(t, options{})
	done := third.follow(http.MethodPost, skillsPath, object{"name": ref, "clients": []string{"claude-code"}})
	assert.Equal(t, []string{"pull", "extract"}, done.phases())
	var a installAnswer
	require.NoError(t, json.Unmarshal([]byte(done.data), &a))
	assert.Equal(t, ref, a.Skill.Reference)
	assert.Equal(t, tree(t, dir), tree(t, third.claude("my-skill")))

	again := third.follow(http.MethodPost, skillsPath, object{"name": ref, "clients": []string{"claude-code"}})
	assert.JSONEq(t, done.data, again.data)
}

func TestEverybodyFollowsOnePull(t *testing.T) {
	t.Parallel()
	registry, ref, _ := publishBulky(t)
	registry.Forget()
	registry.Break(registrytest.On(http.MethodGet, "/blobs/", registrytest.Slowly(5, 200*time.Millisecond)))

	d := start(t, options{})
	var followers sync.WaitGroup
	for range 5 {
		followers.Go(func() {
			s := d.follow(http.MethodGet, contentPath+"?ref="+url.QueryEscape(ref), nil)
			assert.Equal(t, "result", s.last)
			assert.NotEmpty(t, s.of("pull"))
		})
	}
	followers.Wait()
	assert.Equal(t, 1, registry.Count(http.MethodGet, "/manifests/1.0"), "five followers, one pull")
}

func TestFollowingAFailure(t *testing.T) {
	t.Parallel()
	registry, ref, layer := publishBulky(t)
	registry.Break(registrytest.On(http.MethodGet, "/blobs/"+layer, registrytest.Garble()))

	d := start(t, options{})
	install := object{"name": ref, "clients": []string{"claude-code"}}
	s := d.follow(http.MethodPost, skillsPath, install)
	assert.Equal(t, "error", s.last)
	ordinary := d.post(skillsPath, install).is(502)
	var problem struct {
		Status        int
		Title, Detail string
	}
	require.NoError(t, json.Unmarshal([]byte(s.data), &problem))
	assert.Equal(t, 502, problem.Status)
	assert.Equal(t, "Bad Gateway", problem.Title)
	assert.Equal(t, ordinary.Body, problem.Detail, "the same sentence as without events")
	assert.NoDirExists(t, filepath.Join(d.home, ".claude", "skills", "my-skill"))

	events := http.Header{"Accept": {"text/event-stream"}, "Content-Type": {"application/json"}}
	d.send(http.MethodPost, pushPath, `{"reference":"nowhere"}`, events).is(404, "nowhere")
	d.send(http.MethodPost, skillsPath, `{"name":`, events).is(400)
	d.send(http.MethodPost, skillsPath, `{}`, http.Header{"Accept": {"text/event-stream"}, "Content-Type": {"text/plain"}}).is(415)
}

// TestHangWhileFollowing follows a pull that stops half way.
func TestHangWhileFollowing(t *testing.T) {
	t.Parallel()
	if !*slow {
		t.Skip("takes half a minute; -slow runs it")
	}
	registry, ref, _ := publishBulky(t)
	registry.Break(registrytest.On(http.MethodGet, "/blobs/", registrytest.Stall()))
	d := start(t, options{})
	a := d.send(http.MethodGet, contentPath+"?ref="+url.QueryEscape(ref), "", http.Header{"Accept": {"text/event-stream"}}).is(200)
	assert.Contains(t, a.Body, "\n\n: ", "there is a sign of life while nothing arrives")
	s := parseStream(t, a.Body)
	assert.Equal(t, "error", s.last)
	assert.Contains(t, s.data, `"status":504`)
}

func TestFollowingAClone(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	server.Create("org/repo").Commit("main", skillFiles("", "my-skill", "1"))
	d := start(t, options{flags: private})
	ref := server.Reference("org/repo", "")
	s := d.follow(http.MethodGet, contentPath+"?ref="+url.QueryEscape(ref), nil)
	assert.Equal(t, []string{"clone", "extract"}, s.phases())
	for _, p := range s.of("clone") {
		assert.Zero(t, p.BytesTotal, "git does not say")
	}
	cloned := s.of("clone")
	assert.Positive(t, cloned[len(cloned)-1].BytesDone)
	assert.JSONEq(t, d.content(ref).is(200).Body, s.data)

	done := d.follow(http.MethodPost, skillsPath, object{"name": ref, "clients": []string{"claude-code"}})
	assert.Equal(t, "result", done.last)
	assert.Contains(t, done.phases(), "extract")
}
