// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
	"github.com/skilld/skilld/internal/openapitest"
	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/skills"
)

// service is a skills.Service that answers what a test tells it to and keeps
// what it was asked.
type service struct {
	mu    sync.Mutex
	calls []any

	err        error
	list       []skills.InstalledSkill
	installed  skills.InstalledSkill
	info       skills.SkillInfo
	validation skills.ValidationResult
	result     skills.BuildResult
	builds     []skills.Build
	content    *skills.Content
	resources
	// hook sees the context of each call.
	hook func(ctx context.Context)
}

func (s *service) called(ctx context.Context, with any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, with)
	if s.hook != nil {
		s.hook(ctx)
	}
	return s.err
}

func (s *service) List(ctx context.Context, opts skills.ListOptions) ([]skills.InstalledSkill, error) {
	return s.list, s.called(ctx, opts)
}

func (s *service) Install(ctx context.Context, opts skills.InstallOptions) (skills.InstalledSkill, error) {
	return s.installed, s.called(ctx, opts)
}

func (s *service) Info(ctx context.Context, key skills.Key) (skills.SkillInfo, error) {
	return s.info, s.called(ctx, key)
}

func (s *service) Uninstall(ctx context.Context, key skills.Key) error { return s.called(ctx, key) }

func (s *service) Validate(ctx context.Context, path string) (skills.ValidationResult, error) {
	return s.validation, s.called(ctx, path)
}

func (s *service) Build(ctx context.Context, opts skills.BuildOptions) (skills.BuildResult, error) {
	return s.result, s.called(ctx, opts)
}

func (s *service) ListBuilds(ctx context.Context) ([]skills.Build, error) {
	return s.builds, s.called(ctx, nil)
}

func (s *service) DeleteBuild(ctx context.Context, tag string) error { return s.called(ctx, tag) }

func (s *service) Push(ctx context.Context, opts skills.PushOptions) error {
	return s.called(ctx, opts)
}

func (s *service) Content(ctx context.Context, ref string) (*skills.Content, error) {
	return s.content, s.called(ctx, ref)
}

var (
	loadDocument sync.Once
	document     *openapitest.Validator
)

// client speaks to an API in front of a service.
type client struct {
	t    *testing.T
	base string
}

func serve(t *testing.T, s *service) client {
	t.Helper()
	loadDocument.Do(func() { document = openapitest.New(t, server.Document) })
	require.NotNil(t, document)
	handler, err := api.New(api.Config{Service: s, Version: "v1.2.3", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	running := httptest.NewServer(handler)
	t.Cleanup(running.Close)
	return client{t: t, base: running.URL}
}

// do sends a request and checks the answer against the OpenAPI document. A body
// is sent as JSON unless the headers, "Name: value", say otherwise.
func (c client) do(method, path, body string, headers ...string) (*http.Response, string) {
	c.t.Helper()
	request, response, text := c.send(method, path, body, headers...)
	document.Check(c.t, request, response, []byte(text))
	return response, text
}

// send is do without the check, for requests that the document has no words for.
func (c client) send(method, path, body string, headers ...string) (*http.Request, *http.Response, string) {
	c.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, content)
	require.NoError(c.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(c.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	return request, response, string(text)
}
