// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestBadBodiesAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, header string
		status       int
		message      string
	}{
		"no body":             {"", "", 400, "no body"},
		"white space":         {" \n\t ", "", 400, "no body"},
		"cut off":             {`{"path":`, "", 400, "unexpected end"},
		"not JSON":            {"path=/tmp", "", 400, "at byte 1"},
		"trailing garbage":    {`{"path":"/x"} true`, "", 400, "at byte 15"},
		"two objects":         {`{"path":"/x"}{"path":"/y"}`, "", 400, "after top-level value"},
		"null":                {"null", "", 400, "not null"},
		"array":               {`["/x"]`, "", 400, "must be a JSON object, not array"},
		"string":              {`"/x"`, "", 400, "must be a JSON object, not string"},
		"wrong type":          {`{"path":7}`, "", 400, `"path"`},
		"wrong type in words": {`{"path":{"a":1}}`, "", 400, "object where a string belongs"},
		"not UTF-8":           {"{\"path\":\"/\xff\"}", "", 400, "UTF-8"},
		"too deep":            {strings.Repeat("[", 20000), "", 400, "not valid JSON"},
		"plain text":          {`{"path":"/x"}`, "Content-Type: text/plain", 415, `"text/plain"`},
		"form":                {`{"path":"/x"}`, "Content-Type: application/x-www-form-urlencoded", 415, "application/json"},
		"nearly JSON":         {`{"path":"/x"}`, "Content-Type: application/jsonx", 415, "application/json"},
		"no type":             {`{"path":"/x"}`, "Content-Type: ", 415, "application/json"},
		"broken type":         {`{"path":"/x"}`, "Content-Type: application/json; =", 415, "application/json"},
		"compressed":          {`{"path":"/x"}`, "Content-Encoding: gzip", 415, "gzip"},
		"too large":           {`{"path":"/` + strings.Repeat("x", 1<<20) + `"}`, "", 413, "1048576"},
	}
	s := &service{}
	c := serve(t, s)
	for name, test := range tests {
		var headers []string
		if test.header != "" {
			headers = append(headers, test.header)
		}
		_, response, body := c.send(http.MethodPost, "/api/v1beta/skills/validate", test.body, headers...)
		assert.Equal(t, test.status, response.StatusCode, "%s: %s", name, body)
		assert.Contains(t, body, test.message, name)
	}
	assert.Empty(t, s.calls)
}

func TestEveryBodyMustBeJSON(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for _, path := range []string{"", "/validate", "/build", "/push"} {
		for body, status := range map[string]int{"name=x": 415, "{}": 415, "": 400} {
			response, _ := c.do(http.MethodPost, "/api/v1beta/skills"+path, body, "Content-Type: text/plain")
			assert.Equal(t, status, response.StatusCode, "%q to %q", body, path)
		}
	}
	assert.Empty(t, s.calls)
}

func TestWrongElementTypeNamesItsField(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for body, message := range map[string]string{
		`{"name":"x","clients":"codex"}`: `field "clients" of the request's body has a value of the wrong type: string where an array belongs (at byte 29)`,
		`{"name":"x","clients":[1]}`:     `field "clients" of the request's body has a value of the wrong type: number where a string belongs (at byte 24)`,
		`{"name":"x","force":"yes"}`:     `field "force" of the request's body has a value of the wrong type: string where true or false belongs (at byte 25)`,
	} {
		response, answer := c.do(http.MethodPost, "/api/v1beta/skills", body)
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		assert.Equal(t, message, answer)
	}
	assert.Empty(t, s.calls)
}

func TestBodyOfUnknownLength(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   io.Reader
		status int
	}{
		"good":      {strings.NewReader(`{"path":"/x"}`), 200},
		"just fits": {strings.NewReader(`{"path":"` + strings.Repeat("x", 1<<20-11) + `"}`), 200},
		"empty":     {strings.NewReader(""), 400},
		"too large": {strings.NewReader(`{"path":"` + strings.Repeat("x", 1<<20-10) + `"}`), 413},
		"endless":   {endless{}, 413},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, &service{validation: skills.ValidationResult{Valid: true}})
			// A reader of a type that net/http does not know is sent in chunks.
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
				c.base+"/api/v1beta/skills/validate", struct{ io.Reader }{test.body})
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultTransport.RoundTrip(request)
			require.NoError(t, err)
			defer func() { _ = response.Body.Close() }()
			assert.Equal(t, test.status, response.StatusCode)
		})
	}
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
