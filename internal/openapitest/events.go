// SPDX-License-Identifier: Apache-2.0

package openapitest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const eventsType = "text/event-stream"

// stream is what the extension x-event-stream says of an operation: what a
// request for events is answered with.
type stream struct {
	Status int
	Events map[string]struct {
		Ref string `json:"$ref"`
	}
	// schemas are those of the events' data, by name.
	schemas map[string]*jsonschema.Schema
}

// readStreams returns the streams of the document, by method and path.
func readStreams(t testing.TB, document []byte) map[string]*stream {
	t.Helper()
	var whole any
	require.NoError(t, yaml.Unmarshal(document, &whole))
	document, err := json.Marshal(whole)
	require.NoError(t, err)
	var read struct {
		Paths map[string]map[string]struct {
			Stream *stream `json:"x-event-stream"`
		}
	}
	require.NoError(t, json.Unmarshal(document, &read))
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("openapi.json", parsed))
	streams := make(map[string]*stream)
	for path, operations := range read.Paths {
		for method, operation := range operations {
			if operation.Stream == nil {
				continue
			}
			at := "openapi.json#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(path) + "/" + method + "/x-event-stream/events/"
			operation.Stream.schemas = make(map[string]*jsonschema.Schema)
			for name := range operation.Stream.Events {
				operation.Stream.schemas[name], err = compiler.Compile(at + name)
				require.NoError(t, err)
			}
			streams[strings.ToUpper(method)+" "+path] = operation.Stream
		}
	}
	return streams
}

// check fails the test where the body is not a whole stream of such events, of
// which the last alone is the result or an error.
func (s *stream) check(t testing.TB, resp *http.Response, body []byte) {
	t.Helper()
	require.Equal(t, s.Status, resp.StatusCode)
	blocks := strings.Split(strings.TrimSuffix(string(body), "\n\n"), "\n\n")
	for i, block := range blocks {
		if strings.HasPrefix(block, ":") {
			continue
		}
		name, data, ok := strings.Cut(strings.TrimPrefix(block, "event: "), "\ndata: ")
		require.True(t, ok && s.schemas[name] != nil, "the document has no such event:\n%s", block)
		require.Equal(t, i == len(blocks)-1, name != "progress", "the result or an error is the last event:\n%s", body)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		require.NoError(t, err, "%s", data)
		require.NoError(t, s.schemas[name].Validate(value), "%s", block)
	}
}
