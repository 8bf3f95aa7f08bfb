// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/skills"
)

// service answers the few calls that these tests make; its List does what the
// test says.
type service struct {
	skills.Service
	list func(ctx context.Context) error
}

func (s service) List(ctx context.Context, _ skills.ListOptions) ([]skills.InstalledSkill, error) {
	if s.list == nil {
		return nil, nil
	}
	return nil, s.list(ctx)
}

func (service) ListBuilds(context.Context) ([]skills.Build, error) { return nil, nil }
func (service) Uninstall(context.Context, skills.Key) error        { return nil }
func (service) Content(context.Context, string) (*skills.Content, error) {
	return &skills.Content{}, nil
}

// lines is a log that a test can read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// records returns what was logged with the message.
func (l *lines) records(t *testing.T, message string) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for line := range strings.Lines(l.text.String()) {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		if record["msg"] == message {
			found = append(found, record)
		}
	}
	return found
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func newHandler(t *testing.T, cfg api.Config) http.Handler {
	t.Helper()
	if cfg.Service == nil {
		cfg.Service = service{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	handler, err := api.New(cfg)
	require.NoError(t, err)
	return handler
}

// ask sends a request to the handler through a real server, so that what
// net/http itself does to an answer is part of the test.
func ask(t *testing.T, handler http.Handler, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	require.NoError(t, err)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := server.Client().Transport.RoundTrip(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(body)
}
