// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

// event is one server-sent event.
type event struct{ name, data string }

// events reads a stream to its end.
func events(t *testing.T, stream string) []event {
	t.Helper()
	var found []event
	for block := range strings.SplitSeq(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		name, data, ok := strings.Cut(block, "\ndata: ")
		require.True(t, ok, "%q", block)
		require.NotContains(t, data, "\n")
		found = append(found, event{strings.TrimPrefix(name, "event: "), data})
	}
	return found
}

// pulling reports a pull of 10 bytes to whoever follows it.
func pulling(ctx context.Context) {
	meter := skills.NewMeter(ctx, skills.ActivityPull, 10)
	meter.Add(4)
	meter.Add(6)
}

const pulled = `{"phase":"pull","bytes_done":10,"bytes_total":10}`

func TestFollowing(t *testing.T) {
	t.Parallel()
	install := func(c client) (*http.Response, string) {
		return c.do(http.MethodPost, "/api/v1beta/skills", `{"name":"x"}`, "Accept: text/event-stream")
	}
	for name, test := range map[string]struct {
		service *service
		ask     func(c client) (*http.Response, string)
		want    []event
	}{
		"a preview": {
			&service{content: content(), hook: pulling},
			func(c client) (*http.Response, string) {
				return c.do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream")
			},
			[]event{{"progress", pulled}, {"result", `{"name":"x","description":"d","version":"1","license":"MIT","body":"---\nname: x\n---\n<b>&",` +
				`"files":[{"path":"SKILL.md","size":20},{"path":"a/b.txt","size":0}]}`}},
		},
		"a preview of what the client has": {
			&service{content: content(), hook: pulling},
			func(c client) (*http.Response, string) {
				return c.do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream", "If-None-Match: *")
			},
			[]event{{"progress", pulled}, {"result", `{"name":"x","description":"d","version":"1","license":"MIT","body":"---\nname: x\n---\n<b>&",` +
				`"files":[{"path":"SKILL.md","size":20},{"path":"a/b.txt","size":0}]}`}},
		},
		"a push, whose answer has no body": {
			&service{hook: pulling},
			func(c client) (*http.Response, string) {
				return c.do(http.MethodPost, "/api/v1beta/skills/push", `{"reference":"r/x:v1"}`, "Accept: text/event-stream")
			},
			[]event{{"progress", pulled}, {"result", "{}"}},
		},
		"an installation that fails on the way": {
			&service{err: skills.Errorf(skills.Upstream, "the registry hung up"), hook: pulling}, install,
			[]event{{"progress", pulled}, {"error", `{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"the registry hung up"}`}},
		},
		"a fault of ours, which says nothing": {
			&service{err: assert.AnError, hook: pulling}, install,
			[]event{{"progress", pulled}, {"error", `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal Server Error"}`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := test.ask(serve(t, test.service))
			assert.Equal(t, http.StatusOK, response.StatusCode)
			assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
			assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
			assert.Equal(t, test.want, events(t, body))
		})
	}
}

func TestFollowingWhatTakesNoTime(t *testing.T) {
	t.Parallel()
	stale := content()
	stale.Stale = true
	response, body := serve(t, &service{content: stale}).do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream")
	require.Len(t, events(t, body), 1)
	assert.Equal(t, "result", events(t, body)[0].name)
	assert.Equal(t, `W/"sha256:ab"`, response.Header.Get("ETag"))
	assert.Contains(t, response.Header.Get("Warning"), "110")
}

func TestFollowingTellsTheRestInTheTrailer(t *testing.T) {
	t.Parallel()
	response, _ := serve(t, &service{content: content(), hook: pulling}).do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream")
	assert.Equal(t, `W/"sha256:ab"`, response.Trailer.Get("ETag"))
	assert.Empty(t, response.Header.Get("ETag"), "nobody knew it when the stream began")

	busy := &skills.Error{Kind: skills.RateLimited, Message: "slow down", RetryAfter: 77 * time.Second}
	response, _ = serve(t, &service{err: busy, hook: pulling}).do(http.MethodPost, "/api/v1beta/skills", `{"name":"x"}`, "Accept: text/event-stream")
	assert.Equal(t, "77", response.Trailer.Get("Retry-After"))
}

func TestFollowingWhatIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	c := serve(t, &service{err: skills.Errorf(skills.NotFound, "there is no x")})
	response, body := c.do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", response.Header.Get("Content-Type"))
	assert.Equal(t, "there is no x", body)

	response, body = c.do(http.MethodGet, contentPath+"x", "", "Accept: text/event-stream, application/problem+json")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no x"}`, body)
}

func TestNobodyFollowsWithoutAsking(t *testing.T) {
	t.Parallel()
	for _, accepted := range []string{"", "*/*", "text/*", "application/json", "application/json, text/event-stream;q=0.5", "text/event-stream;q=0.1, */*"} {
		t.Run(accepted, func(t *testing.T) {
			t.Parallel()
			s := &service{content: content(), hook: func(ctx context.Context) {
				assert.Nil(t, skills.ProgressOf(ctx), "nothing need be counted")
			}}
			response, _ := serve(t, s).do(http.MethodGet, contentPath+"x", "", "Accept: "+accepted)
			assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
			assert.Contains(t, response.Header.Values("Vary"), "Accept")
		})
	}
}

func TestFollowingEndsWithAPanic(t *testing.T) {
	t.Parallel()
	c := serve(t, &service{hook: func(ctx context.Context) { pulling(ctx); panic("a fault") }})
	request, err := http.NewRequest(http.MethodGet, c.base+contentPath+"x", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	_, err = io.ReadAll(response.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "a stream that was cut off must not look like one that has ended")
}
