// SPDX-License-Identifier: Apache-2.0

package openapitest_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/internal/openapitest"
)

const document = `
openapi: 3.1.0
info: {title: t, version: v, license: {name: Apache-2.0, url: https://example.com}}
servers: [{url: /}]
paths:
  /things/{name}:
    post:
      operationId: makeThing
      summary: s
      description: d
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [size], properties: {size: {type: integer}}}}}
      responses:
        "200":
          description: d
          headers: {X-Request-Id: {required: true, schema: {type: string}}}
          content:
            application/json:
              schema:
                type: object
                required: [kind, at]
                properties: {kind: {type: string, enum: [a, b]}, at: {type: string, format: date-time}}
        "204": {description: d}
        "400": {description: d, content: {text/plain: {schema: {type: string}}}}
  /parcels:
    post:
      operationId: sendParcel
      summary: s
      description: d
      responses:
        "204": {description: d}
      x-event-stream:
        status: 200
        events:
          progress: {$ref: '#/components/schemas/Distance'}
          result: {type: object, maxProperties: 0}
          error: {type: string}
components:
  schemas:
    Distance: {type: object, required: [miles], properties: {miles: {type: integer}}}
`

// failures is a testing.TB that keeps its failure to itself.
type failures struct {
	testing.TB
	failed bool
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.failed = true }
func (f *failures) FailNow()              { runtime.Goexit() }

// fails reports whether what run does with the TB fails it.
func fails(t *testing.T, run func(t testing.TB)) bool {
	t.Helper()
	kept, done := &failures{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		run(kept)
	}()
	<-done
	return kept.failed
}

func TestCheck(t *testing.T) {
	t.Parallel()
	validator := openapitest.New(t, []byte(document))
	good := func(header http.Header) {
		header.Set("Content-Type", "application/json")
		header.Set("X-Request-Id", "abc")
	}
	events := func(header http.Header) { header.Set("Content-Type", "text/event-stream") }
	text := func(header http.Header) { header.Set("Content-Type", "text/plain; charset=utf-8") }
	tests := map[string]struct {
		method, path, request string
		status                int
		header                func(http.Header)
		body                  string
		fails                 bool
	}{
		"good":               {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":"a","at":"2026-01-02T03:04:05Z"}`, false},
		"encoded slash":      {"POST", "/things/x%2Fy", `{"size":1}`, 200, good, `{"kind":"a","at":"2026-01-02T03:04:05Z"}`, false},
		"unknown in request": {"POST", "/things/x", `{"size":1,"y":2}`, 200, good, `{"kind":"a","at":"2026-01-02T03:04:05Z"}`, false},
		"refused request":    {"POST", "/things/x", `{"size":"big"}`, 400, text, "bad size", false},
		"head":               {"HEAD", "/things/x", "", 200, good, "", false},
		"no content":         {"POST", "/things/x", `{"size":1}`, 204, func(http.Header) {}, "", false},

		"accepted bad request": {"POST", "/things/x", `{"size":"big"}`, 200, good, `{"kind":"a","at":"2026-01-02T03:04:05Z"}`, true},
		"unknown path":         {"POST", "/other", `{"size":1}`, 200, good, `{}`, true},
		"unknown method":       {"PUT", "/things/x", `{"size":1}`, 200, good, `{}`, true},
		"unknown status":       {"POST", "/things/x", `{"size":1}`, 418, text, "teapot", true},
		"unknown type":         {"POST", "/things/x", `{"size":1}`, 200, text, "fine", true},
		"missing field":        {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":"a"}`, true},
		"null field":           {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":null,"at":"2026-01-02T03:04:05Z"}`, true},
		"unknown field":        {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":"a","at":"2026-01-02T03:04:05Z","y":1}`, true},
		"not in the enum":      {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":"c","at":"2026-01-02T03:04:05Z"}`, true},
		"not a time":           {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind":"a","at":"yesterday"}`, true},
		"not JSON":             {"POST", "/things/x", `{"size":1}`, 200, good, `{"kind"`, true},
		"head with a body":     {"HEAD", "/things/x", "", 200, good, "x", true},
		"missing header": {
			"POST", "/things/x", `{"size":1}`, 200,
			func(header http.Header) { header.Set("Content-Type", "application/json") },
			`{"kind":"a","at":"2026-01-02T03:04:05Z"}`, true,
		},
		"events": {"POST", "/parcels", "", 200, events, "event: progress\ndata: {\"miles\":1}\n\n: still there\n\nevent: result\ndata: {}\n\n", false},
		"error":  {"POST", "/parcels", "", 200, events, "event: error\ndata: \"lost\"\n\n", false},

		"events where there are none": {"POST", "/things/x", `{"size":1}`, 200, events, "event: result\ndata: {}\n\n", true},
		"events of another status":    {"POST", "/parcels", "", 201, events, "event: result\ndata: {}\n\n", true},
		"unknown event":               {"POST", "/parcels", "", 200, events, "event: theft\ndata: {}\n\n", true},
		"event without its field":     {"POST", "/parcels", "", 200, events, "event: progress\ndata: {}\n\nevent: result\ndata: {}\n\n", true},
		"events without an end":       {"POST", "/parcels", "", 200, events, "event: progress\ndata: {\"miles\":1}\n\n", true},
		"events after the end":        {"POST", "/parcels", "", 200, events, "event: result\ndata: {}\n\nevent: progress\ndata: {\"miles\":1}\n\n", true},
		"event that is not JSON":      {"POST", "/parcels", "", 200, events, "event: result\ndata: {\n\n", true},

		"body where there is none": {"POST", "/things/x", `{"size":1}`, 204, func(http.Header) {}, "x", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), test.method, "http://localhost"+test.path, strings.NewReader(test.request))
			assert.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
			response := httptest.NewRecorder().Result()
			response.StatusCode, response.Header = test.status, make(http.Header)
			test.header(response.Header)
			assert.Equal(t, test.fails, fails(t, func(t testing.TB) { validator.Check(t, request, response, []byte(test.body)) }))
		})
	}
}

func TestNewRefusesWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "other": "swagger: '2.0'", "older": "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {}",
		"invalid": "openapi: 3.1.0\ninfo: {title: t}\npaths: {}",
	} {
		assert.True(t, fails(t, func(t testing.TB) { openapitest.New(t, []byte(text)) }), name)
	}
}
