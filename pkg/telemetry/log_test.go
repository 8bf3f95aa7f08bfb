// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/telemetry"
)

// quiet returns a Telemetry that exports nothing and logs to out.
func quiet(t *testing.T, out *bytes.Buffer, level, format string) *telemetry.Telemetry {
	t.Helper()
	told, err := telemetry.Start(t.Context(), telemetry.Config{Version: "v1.2.3", LogOutput: out, LogLevel: level, LogFormat: format})
	require.NoError(t, err)
	t.Cleanup(func() { told.Shutdown(t.Context()) })
	return told
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := quiet(t, &out, "warn", "json").Log
	log.Info("not this")
	log.Warn("this", "n", 1)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), "one line of JSON")
	assert.Equal(t, "this", line["msg"])
	assert.NotContains(t, line, "trace_id", "nothing is traced")

	out.Reset()
	quiet(t, &out, "info", "text").Log.Info("this", "n", 1)
	assert.Contains(t, out.String(), "msg=this n=1")
}

func TestLogHasTheTraceID(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	told := quiet(t, &out, "info", "json")
	ctx, span := told.Tracers.Tracer("test").Start(t.Context(), "work")
	defer span.End()
	require.True(t, span.SpanContext().HasTraceID(), "although nothing is exported")
	assert.False(t, span.IsRecording())
	told.Log.With("a", 1).InfoContext(ctx, "one")
	told.Log.WithGroup("g").InfoContext(ctx, "two", "b", 2)
	id := span.SpanContext().TraceID().String()
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	require.Len(t, lines, 2)
	for _, line := range lines {
		assert.Equal(t, 1, bytes.Count(line, []byte(`"trace_id":"`+id+`"`)), "%s", line)
	}
}

func TestBadLogSettings(t *testing.T) {
	t.Parallel()
	_, err := telemetry.Start(t.Context(), telemetry.Config{LogLevel: "loud", LogFormat: "json"})
	require.ErrorContains(t, err, `"loud"`)
	_, err = telemetry.Start(t.Context(), telemetry.Config{LogLevel: "info", LogFormat: "xml"})
	require.ErrorContains(t, err, `"xml"`)
}

// TestLogHoldsNoSecrets logs what others say, with the secrets in it.
func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := quiet(t, &out, "info", "json").Log
	signed := errors.New(`Get "https://cdn.example/blob?X-Signature=s3cret": refused`)
	log.With("with", "https://ada:s3cret@h/").Info("calling https://h/?key=s3cret",
		"error", signed, "text", "Authorization: Bearer s3cret", slog.Group("g", "cause", signed), "n", 1, "list", []string{"https://h/?key=s3cret"})
	assert.NotContains(t, out.String(), "s3cret")
	assert.Contains(t, out.String(), "https://cdn.example/blob?…")
	assert.Contains(t, out.String(), `"n":1`)
}
