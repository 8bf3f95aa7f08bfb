// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

func TestHealthAnswersNothing(t *testing.T) {
	t.Parallel()
	response, body := serve(t, &service{}).do(http.MethodGet, "/health", "")
	assert.Equal(t, http.StatusNoContent, response.StatusCode)
	assert.Empty(t, body)
	assert.NotContains(t, response.Header, "Content-Type")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	response, body := serve(t, &service{}).do(http.MethodGet, "/api/v1beta/version", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"version":"v1.2.3"}`, body)
}

// calls has a good request for every route that asks the service.
var calls = map[string]struct{ method, path, body string }{
	"list":      {http.MethodGet, "/api/v1beta/skills", ""},
	"install":   {http.MethodPost, "/api/v1beta/skills", `{"name":"x"}`},
	"info":      {http.MethodGet, "/api/v1beta/skills/pdf-tools", ""},
	"uninstall": {http.MethodDelete, "/api/v1beta/skills/pdf-tools", ""},
	"validate":  {http.MethodPost, "/api/v1beta/skills/validate", `{"path":"/x"}`},
	"build":     {http.MethodPost, "/api/v1beta/skills/build", `{"path":"/x"}`},
	"builds":    {http.MethodGet, "/api/v1beta/skills/builds", ""},
	"delete":    {http.MethodDelete, "/api/v1beta/skills/builds/v1", ""},
	"push":      {http.MethodPost, "/api/v1beta/skills/push", `{"reference":"ghcr.io/org/x:v1"}`},
	"content":   {http.MethodGet, "/api/v1beta/skills/content?ref=x", ""},

	"groups":       {http.MethodGet, groupsPath, ""},
	"create group": {http.MethodPost, groupsPath, `{"name":"team"}`},
	"group":        {http.MethodGet, groupsPath + "/team", ""},
	"delete group": {http.MethodDelete, groupsPath + "/team", ""},
	"clients":      {http.MethodGet, "/api/v1beta/discovery/clients", ""},
	"choose":       {http.MethodPut, registryPath + "/default", "{}"},
	"browse":       {http.MethodGet, catalogPath, ""},
	"entry":        {http.MethodGet, catalogPath + "/org/x", ""},
}

// What each route may answer besides the statuses that every one has.
func TestErrorsOfTheServiceBecomeAnswers(t *testing.T) {
	t.Parallel()
	pull := []skills.Kind{
		skills.Invalid, skills.Unauthenticated, skills.NotFound, skills.Conflict, skills.Unprocessable,
		skills.RateLimited, skills.Upstream,
	}
	kinds := map[string][]skills.Kind{
		"list":      {skills.Invalid},
		"install":   append([]skills.Kind{skills.Forbidden}, pull...),
		"info":      {skills.Invalid, skills.NotFound},
		"uninstall": {skills.Invalid, skills.NotFound, skills.Conflict},
		"validate":  {skills.Invalid, skills.Forbidden},
		"build":     {skills.Invalid, skills.Forbidden, skills.Unprocessable},
		"builds":    {},
		"delete":    {skills.Invalid, skills.NotFound},
		"push": {
			skills.Invalid, skills.Unauthenticated, skills.NotFound, skills.Unprocessable, skills.RateLimited,
			skills.Upstream, skills.Unsupported,
		},
		"content": pull,

		"groups":       {},
		"create group": {skills.Invalid, skills.Conflict},
		"group":        {skills.Invalid, skills.NotFound},
		"delete group": {skills.Invalid, skills.NotFound},
		"clients":      {},
		"choose":       {skills.Invalid, skills.Forbidden, skills.Upstream},
		"browse":       {skills.Upstream},
		"entry":        {skills.Upstream},
	}
	for name, call := range calls {
		for _, kind := range append(kinds[name], skills.Internal, skills.Timeout) {
			c := serve(t, &service{err: skills.Errorf(kind, "what happened to %s", name)})
			response, body := c.do(call.method, call.path, call.body)
			assert.GreaterOrEqual(t, response.StatusCode, 400)
			if kind != skills.Internal {
				assert.Equal(t, "what happened to "+name, body)
			}
			response, body = c.do(call.method, call.path, call.body, "Accept: application/problem+json")
			assert.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
			assert.Contains(t, body, `"type":"about:blank"`)
		}
	}
}

func TestEveryCallHasATimeLimit(t *testing.T) {
	t.Parallel()
	limits := map[string]time.Duration{
		"validate": 2 * time.Minute, "build": 2 * time.Minute,
		"choose": 2 * time.Minute, "browse": 2 * time.Minute, "entry": 2 * time.Minute,
		"install": 6 * time.Minute, "push": 6 * time.Minute, "content": 6 * time.Minute,
	}
	for name, call := range calls {
		limit, ok := limits[name]
		if !ok {
			limit = 30 * time.Second
		}
		s := &service{content: content(), installed: bare(), info: skills.SkillInfo{Metadata: bare().Metadata, Installed: bare()}}
		s.groups = []skills.Group{{Name: "team"}}
		s.result.Digest = "sha256:abababababababababababababababababababababababababababababababab"
		s.page = skills.CatalogPage{Page: 1, Limit: 50}
		s.catalog.Type = skills.CatalogDefault
		s.hook = func(ctx context.Context) {
			deadline, limited := ctx.Deadline()
			assert.True(t, limited, name)
			assert.LessOrEqual(t, time.Until(deadline), limit, name)
			assert.Greater(t, time.Until(deadline), limit/2, name)
		}
		response, _ := serve(t, s).do(call.method, call.path, call.body)
		assert.Less(t, response.StatusCode, 300, name)
		assert.Len(t, s.calls, 1, name)
	}
}

func TestServiceSeesThatTheClientLeft(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}), make(chan error, 1)
	s := &service{err: errors.New("nobody reads this")}
	s.hook = func(ctx context.Context) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
	}
	c := serve(t, s)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/api/v1beta/skills/content?ref=x", nil)
	assert.NoError(t, err)
	go func() {
		<-started
		leave()
	}()
	_, err = http.DefaultTransport.RoundTrip(request)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, <-ended, context.Canceled)
}
