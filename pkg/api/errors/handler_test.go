// SPDX-License-Identifier: Apache-2.0

package apierrors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// answer runs a handler that fails with err and returns what a client and the
// log get.
func answer(t *testing.T, err error, prepare ...func(*http.Request) *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, change := range prepare {
		request = change(request)
	}
	recorder := httptest.NewRecorder()
	apierrors.Handler(log, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("ETag", `"of a body that is not sent"`)
		w.Header().Set("Cache-Control", "no-cache")
		return err
	})(recorder, request)
	return recorder, lines.String()
}

func accepting(values ...string) func(*http.Request) *http.Request {
	return func(r *http.Request) *http.Request {
		r.Header["Accept"] = values
		return r
	}
}

func TestEachKindHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, status := range map[skills.Kind]int{
		skills.Invalid: 400, skills.Unauthenticated: 401, skills.Forbidden: 403, skills.NotFound: 404,
		skills.Conflict: 409, skills.Unprocessable: 422, skills.RateLimited: 429, skills.Unsupported: 501,
		skills.Upstream: 502, skills.Unavailable: 503, skills.Timeout: 504,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			got, _ := answer(t, fmt.Errorf("on the way up: %w", skills.Errorf(kind, "what %s", "happened")))
			assert.Equal(t, status, got.Code)
			assert.Equal(t, "what happened", got.Body.String())
			assert.Equal(t, "text/plain; charset=utf-8", got.Header().Get("Content-Type"))
			assert.Equal(t, "nosniff", got.Header().Get("X-Content-Type-Options"))
			assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
			assert.Empty(t, got.Header().Get("ETag"))
		})
	}
}

func TestRequestErrors(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{
		405: apierrors.MethodNotAllowed("no %s", "PUT"),
		413: apierrors.TooLarge("over %d bytes", 5),
		415: apierrors.UnsupportedMediaType("%q is not JSON", "text/xml"),
	} {
		got, _ := answer(t, err)
		assert.Equal(t, status, got.Code)
		assert.Equal(t, err.Error(), got.Body.String())
	}
}

func TestOwnFaultsSayNothingButAreLogged(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk /var/secret is on fire")
	for name, err := range map[string]error{
		"no kind":       fmt.Errorf("write index: %w", cause),
		"internal":      skills.Wrap(skills.Internal, cause, "the index could not be written"),
		"unknown kind":  skills.Wrap(skills.Kind(99), cause, "odd"),
		"bare canceled": fmt.Errorf("%w: %w", cause, context.Canceled),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, log := answer(t, err)
			assert.Equal(t, http.StatusInternalServerError, got.Code)
			assert.Equal(t, "Internal Server Error", got.Body.String())
			assert.Contains(t, log, "level=ERROR")
			assert.Contains(t, log, cause.Error())

			got, _ = answer(t, err, accepting("application/problem+json"))
			assert.JSONEq(t, `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal Server Error"}`,
				got.Body.String())
		})
	}
}

func TestHiddenCausesGoToTheLogOnly(t *testing.T) {
	t.Parallel()
	deep := skills.Wrap(skills.Upstream, errors.New("dial tcp 10.0.0.1: refused"), "the registry cannot be reached")
	got, log := answer(t, skills.Wrap(skills.Upstream, deep, "pull of x failed"))
	assert.Equal(t, "pull of x failed", got.Body.String())
	assert.Contains(t, log, "level=WARN")
	assert.Contains(t, log, "the registry cannot be reached: dial tcp 10.0.0.1: refused")
}

func TestBareDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	got, _ := answer(t, fmt.Errorf("SELECT 1: %w", context.DeadlineExceeded))
	assert.Equal(t, http.StatusGatewayTimeout, got.Code)
	assert.NotContains(t, got.Body.String(), "SELECT")
	assert.Contains(t, got.Body.String(), "time limit")
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	t.Parallel()
	for wait, header := range map[time.Duration]string{
		0: "", time.Millisecond: "1", time.Second: "1", 90*time.Second + 1: "91",
	} {
		err := &skills.Error{Kind: skills.RateLimited, Message: "slow down", RetryAfter: wait}
		got, _ := answer(t, fmt.Errorf("pull: %w", err))
		assert.Equal(t, http.StatusTooManyRequests, got.Code)
		assert.Equal(t, header, got.Header().Get("Retry-After"), wait)
	}
}

func TestProblemDetailsAreForThoseWhoAsk(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accept  []string
		problem bool
	}{
		"nothing said":             {nil, false},
		"anything":                 {[]string{"*/*"}, false},
		"any application type":     {[]string{"application/*"}, false},
		"JSON":                     {[]string{"application/json, text/plain, */*"}, false},
		"problem":                  {[]string{"application/problem+json"}, true},
		"problem in capitals":      {[]string{"Application/Problem+JSON"}, true},
		"problem and JSON":         {[]string{"application/json, application/problem+json;q=0.5"}, true},
		"problem in a second line": {[]string{"application/json", "application/problem+json"}, true},
		"text rather":              {[]string{"text/plain, application/problem+json;q=0.9"}, false},
		"any text rather":          {[]string{"text/*, application/problem+json;q=0.9"}, false},
		"problem rather":           {[]string{"text/plain;q=0.4, application/problem+json;q=0.5"}, true},
		"as well as text":          {[]string{"text/plain, application/problem+json"}, true},
		"not problem":              {[]string{"application/problem+json;q=0"}, false},
		"broken weight":            {[]string{"application/problem+json;q=NaN"}, false},
		"weight over one":          {[]string{"application/problem+json;q=7"}, false},
		"broken range":             {[]string{";;;, application/problem+json"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := answer(t, skills.Errorf(skills.NotFound, "no \"x\""), accepting(test.accept...))
			require.Equal(t, http.StatusNotFound, got.Code)
			assert.Contains(t, got.Header().Values("Vary"), "Accept")
			if !test.problem {
				assert.Equal(t, `no "x"`, got.Body.String())
				return
			}
			assert.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
			var problem apierrors.Problem
			require.NoError(t, json.Unmarshal(got.Body.Bytes(), &problem))
			assert.Equal(t, apierrors.Problem{Type: "about:blank", Title: "Not Found", Status: 404, Detail: `no "x"`}, problem)
		})
	}
}

func TestClientThatWentAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	gone := func(r *http.Request) *http.Request {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		return r.WithContext(ctx)
	}
	got, log := answer(t, context.Canceled, gone)
	assert.Equal(t, 499, got.Code)
	assert.Empty(t, got.Body.String())
	assert.Contains(t, log, "level=INFO")
	assert.NotContains(t, log, "level=ERROR")
}
