// SPDX-License-Identifier: Apache-2.0

package openapitest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validation "github.com/pb33f/libopenapi-validator/errors"
	"github.com/stretchr/testify/require"
)

// Validator checks exchanges against one document. Several tests may use it at
// the same time.
type Validator struct {
	mu       sync.Mutex
	requests validator.Validator
	answers  validator.Validator
	// open are what checks the answers that foreign speaks of, by the beginning
	// of the path.
	open map[string]validator.Validator
	// streams are what requests for events are answered with.
	streams map[string]*stream
}

// foreign are the parts of answers whose fields nobody here declares, by the
// beginning of the path: of catalogue entries, and the document itself.
var foreign = map[string][]string{
	"/registry/": {
		"$.body.icons**", "$.body.metadata**", "$.body._meta**",
		"$.body.skills[*].icons**", "$.body.skills[*].metadata**", "$.body.skills[*]._meta**",
	},
	"/api/openapi.json": {"$.body**"},
}

// New returns a validator for the document, given as JSON or YAML. The test
// fails where the document is not valid OpenAPI 3.1 itself.
func New(t testing.TB, document []byte) *Validator {
	t.Helper()
	parsed, err := libopenapi.NewDocument(document)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(parsed.GetVersion(), "3.1."), "the document is OpenAPI %s", parsed.GetVersion())
	requests, errs := validator.NewValidator(parsed, config.WithFormatAssertions())
	require.Empty(t, errs)
	_, invalid := requests.ValidateDocument()
	require.Empty(t, reasons(invalid), "the document is not valid")
	// Clients may send fields that nobody knows, but an answer must not have any.
	v := &Validator{requests: requests, answers: strict(t, parsed), open: make(map[string]validator.Validator), streams: readStreams(t, document)}
	for path, parts := range foreign {
		v.open[path] = strict(t, parsed, parts...)
	}
	return v
}

// strict returns a validator that allows undeclared fields in headers and in
// the parts of a body that are given, alone.
func strict(t testing.TB, document libopenapi.Document, open ...string) validator.Validator {
	t.Helper()
	made, errs := validator.NewValidator(document, config.WithFormatAssertions(),
		config.WithStrictMode(), config.WithStrictIgnorePaths(append(open, "$.headers.**", "$.headers.*")...))
	require.Empty(t, errs)
	return made
}

// Check fails the test where the answer is not one that the document allows for
// the request: its route, status, media type, headers and the shape of its
// body. A request that was answered with success must have the shape that the
// document asks for, too. body is the answer's whole body; resp.Body is not
// touched. Of a HEAD only the absence of a body is checked, because the
// document does not name it.
func (v *Validator) Check(t testing.TB, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	if req.Method == http.MethodHead {
		require.Empty(t, body, "HEAD %s was answered with a body", req.URL)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if resp.StatusCode < http.StatusMultipleChoices {
		_, problems := v.requests.ValidateHttpRequestSync(again(t, req))
		require.Empty(t, reasons(problems), "%s %s: the document does not allow the request", req.Method, req.URL)
	}
	if resp.Header.Get("Content-Type") == eventsType {
		stream := v.streams[req.Method+" "+req.URL.Path]
		require.NotNil(t, stream, "%s %s: the document knows of no events", req.Method, req.URL)
		stream.check(t, resp, body)
		return
	}
	answers := v.answers
	for path, open := range v.open {
		if strings.HasPrefix(req.URL.Path, path) {
			answers = open
		}
	}
	answer := *resp
	answer.Body = io.NopCloser(bytes.NewReader(body))
	_, problems := answers.ValidateHttpResponse(again(t, req), &answer)
	require.Empty(t, reasons(problems), "%s %s: the document does not allow the answer %s\n%s", req.Method, req.URL, resp.Status, body)
	if len(body) > 0 {
		require.NotEmpty(t, resp.Header.Get("Content-Type"), "%s %s: the answer has a body without a type", req.Method, req.URL)
	}
}

// again returns the request with its body as it was before it was sent.
func again(t testing.TB, req *http.Request) *http.Request {
	t.Helper()
	same := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		require.NoError(t, err)
		same.Body = body
	}
	return same
}

func reasons(problems []*validation.ValidationError) []string {
	var texts []string
	for _, problem := range problems {
		texts = append(texts, problem.Error())
		for _, cause := range problem.SchemaValidationErrors {
			texts = append(texts, cause.Reason+" at "+cause.FieldPath)
		}
	}
	return texts
}
