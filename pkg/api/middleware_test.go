// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/skills"
)

func TestRequestIDIsTheClientsOwnWhereItIsSane(t *testing.T) {
	t.Parallel()
	var seen string
	handler := newHandler(t, api.Config{Service: service{list: func(ctx context.Context) error {
		seen = api.RequestID(ctx)
		return nil
	}}})
	for id, kept := range map[string]bool{
		"abc": true, "7e5a-1.B_2": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "a\"b": false, "é": false, "a/b": false,
	} {
		response, _ := ask(t, handler, http.MethodGet, "/api/v1beta/skills", "X-Request-Id: "+id)
		got := response.Header.Get("X-Request-Id")
		assert.Equal(t, kept, got == id, id)
		assert.NotEmpty(t, got)
		assert.Equal(t, got, seen)
	}
	first, _ := ask(t, handler, http.MethodGet, "/health")
	second, _ := ask(t, handler, http.MethodGet, "/health")
	assert.NotEqual(t, first.Header.Get("X-Request-Id"), second.Header.Get("X-Request-Id"))
	assert.Empty(t, api.RequestID(t.Context()))
}

func TestEveryRequestHasALine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, route string
		status, bytes       int
	}{
		"plain":     {"GET", "/api/v1beta/skills?scope=secret", "/api/v1beta/skills", 200, len(`{"skills":[]}` + "\n")},
		"parameter": {"DELETE", "/api/v1beta/skills/secret", "/api/v1beta/skills/{name}", 204, 0},
		"head":      {"HEAD", "/health", "/health", 204, 0},
		"unknown":   {"GET", "/secret", "", 404, len("there is no route /secret; GET /api/doc shows them all")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			ask(t, newHandler(t, api.Config{Log: log.logger()}), test.method, test.path, "X-Request-Id: the-id")
			records := log.records(t, "request")
			require.Len(t, records, 1)
			assert.Equal(t, test.method, records[0]["method"])
			assert.Equal(t, test.route, records[0]["route"])
			assert.EqualValues(t, test.status, records[0]["status"])
			assert.EqualValues(t, test.bytes, records[0]["bytes"])
			assert.Equal(t, "the-id", records[0]["request_id"])
			assert.Contains(t, records[0], "duration")
		})
	}
}

func TestFailuresAreLoggedWithTheirRequest(t *testing.T) {
	t.Parallel()
	var log lines
	handler := newHandler(t, api.Config{Log: log.logger(), Service: service{list: func(context.Context) error {
		return skills.Wrap(skills.Internal, errors.New("disk full"), "the list could not be read")
	}}})
	response, body := ask(t, handler, http.MethodGet, "/api/v1beta/skills", "X-Request-Id: the-id")
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.Equal(t, "Internal Server Error", body)
	records := log.records(t, "request failed")
	require.Len(t, records, 1)
	assert.Equal(t, "the-id", records[0]["request_id"])
	assert.Equal(t, "disk full", records[0]["cause"])
}

func TestLogOfTheServiceHasTheRequestID(t *testing.T) {
	t.Parallel()
	var log lines
	logger := slog.New(api.WithRequestID(slog.NewJSONHandler(&log, nil)))
	handler := newHandler(t, api.Config{Log: logger, Service: service{list: func(ctx context.Context) error {
		logger.With("a", 1).InfoContext(ctx, "from below")
		logger.WithGroup("g").InfoContext(ctx, "from a group", "b", 2)
		logger.Info("from nowhere")
		return nil
	}}})
	ask(t, handler, http.MethodGet, "/api/v1beta/skills", "X-Request-Id: the-id")
	assert.Equal(t, "the-id", log.records(t, "from below")[0]["request_id"])
	assert.Equal(t, map[string]any{"b": 2.0, "request_id": "the-id"}, log.records(t, "from a group")[0]["g"])
	assert.NotContains(t, log.records(t, "from nowhere")[0], "request_id")
	for _, line := range strings.Split(log.text.String(), "\n") {
		assert.LessOrEqual(t, strings.Count(line, "request_id"), 1)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	var log lines
	handler := newHandler(t, api.Config{Log: log.logger(), Service: service{list: func(context.Context) error {
		panic("the secret")
	}}})
	response, body := ask(t, handler, http.MethodGet, "/api/v1beta/skills")
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.Equal(t, "Internal Server Error", body)
	records := log.records(t, "handler panicked")
	require.Len(t, records, 1)
	assert.Equal(t, "the secret", records[0]["panic"])
	assert.Contains(t, records[0]["stack"], "middleware_test.go")
	require.Len(t, log.records(t, "request"), 1)
	assert.EqualValues(t, 500, log.records(t, "request")[0]["status"])
}
