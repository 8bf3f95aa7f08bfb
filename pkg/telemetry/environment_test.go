// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/telemetry"
)

// setenv makes the OTEL_* variables of the process those of env alone.
func setenv(t *testing.T, env map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
			require.NoError(t, os.Unsetenv(name))
			t.Cleanup(func() { _ = os.Setenv(name, value) })
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}

func config(out *bytes.Buffer) telemetry.Config {
	return telemetry.Config{Version: "v1.2.3", LogOutput: out, LogLevel: "info", LogFormat: "text"}
}

func TestBadVariablesAreNamed(t *testing.T) {
	otlp := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}
	for name, test := range map[string]struct {
		variable, value, says string
		// quiet texts are not repeated.
		quiet string
	}{
		"an exporter that nobody has":  {variable: "OTEL_TRACES_EXPORTER", value: "zipkin", says: "otlp, console, none"},
		"an exporter in capitals":      {variable: "OTEL_TRACES_EXPORTER", value: "OTLP", says: "otlp, console, none"},
		"a protocol in capitals":       {variable: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "GRPC", says: "http/protobuf, grpc"},
		"compression in capitals":      {variable: "OTEL_EXPORTER_OTLP_COMPRESSION", value: "GZIP", says: "gzip"},
		"a listener of its own":        {variable: "OTEL_METRICS_EXPORTER", value: "prometheus", says: "otlp, console, none"},
		"a protocol":                   {variable: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/json", says: "http/protobuf, grpc"},
		"a protocol for one signal":    {variable: "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", value: "tcp", says: `"tcp"`},
		"an endpoint without a scheme": {variable: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "ada:s3cret@h:4317", says: "http://localhost:4318", quiet: "s3cret"},
		"headers":                      {variable: "OTEL_EXPORTER_OTLP_HEADERS", value: "s3cret", says: "api-key=abc", quiet: "s3cret"},
		"a time":                       {variable: "OTEL_EXPORTER_OTLP_TIMEOUT", value: "10s", says: "whole number"},
		"an interval":                  {variable: "OTEL_METRIC_EXPORT_INTERVAL", value: "-1", says: "whole number"},
		"a file":                       {variable: "OTEL_EXPORTER_OTLP_CERTIFICATE", value: "/nowhere/ca.pem", says: "/nowhere/ca.pem"},
		"compression":                  {variable: "OTEL_EXPORTER_OTLP_COMPRESSION", value: "zstd", says: "gzip"},
		"a sampler":                    {variable: "OTEL_TRACES_SAMPLER", value: "often", says: "traceidratio"},
		"a ratio":                      {variable: "OTEL_TRACES_SAMPLER_ARG", value: "2", says: "from 0 to 1"},
		"a switch":                     {variable: "OTEL_SDK_DISABLED", value: "yes", says: "true, false"},
		"attributes":                   {variable: "OTEL_RESOURCE_ATTRIBUTES", value: "novalue", says: "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{test.variable: test.value}
			if test.variable != "OTEL_EXPORTER_OTLP_ENDPOINT" {
				env["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp["OTEL_EXPORTER_OTLP_ENDPOINT"]
			}
			setenv(t, env)
			var out bytes.Buffer
			_, err := telemetry.Start(t.Context(), config(&out))
			require.ErrorContains(t, err, test.variable)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, 1, strings.Count(err.Error(), "environment variable"), "once, although it serves all signals: %s", err)
			if test.quiet != "" {
				assert.NotContains(t, err.Error()+out.String(), test.quiet)
			}
		})
	}
}

// TestWhatIsExported starts with an endpoint and looks which signals reach it.
func TestWhatIsExported(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"nothing":                      {},
		"a protocol alone":             {env: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}},
		"all by the endpoint":          {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL"}, want: []string{"/v1/traces", "/v1/metrics", "/v1/logs"}},
		"one by its endpoint":          {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "URL/v1/traces"}, want: []string{"/v1/traces"}},
		"all but one":                  {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_LOGS_EXPORTER": "none"}, want: []string{"/v1/traces", "/v1/metrics"}},
		"an endpoint, but not for one": {env: map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "URL/v1/logs", "OTEL_TRACES_EXPORTER": "none"}, want: []string{"/v1/logs"}},
		"disabled":                     {env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_SDK_DISABLED": "true"}},
		"disabled, and wrong":          {env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_SDK_DISABLED": "True"}},
		"wrong, but not used":          {env: map[string]string{"OTEL_BSP_SCHEDULE_DELAY": "0"}},
		"a sampler in capitals":        {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "URL/v1/traces", "OTEL_TRACES_SAMPLER": "Always_On"}, want: []string{"/v1/traces"}},
	} {
		t.Run(name, func(t *testing.T) {
			var seen [3]atomic.Bool
			paths := []string{"/v1/traces", "/v1/metrics", "/v1/logs"}
			collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				for i, path := range paths {
					if r.URL.Path == path {
						seen[i].Store(true)
					}
				}
			}))
			t.Cleanup(collector.Close)
			env := make(map[string]string)
			for variable, value := range test.env {
				env[variable] = strings.ReplaceAll(value, "URL", collector.URL)
			}
			setenv(t, env)
			var out bytes.Buffer
			told, err := telemetry.Start(t.Context(), config(&out))
			require.NoError(t, err)
			ctx, span := told.Tracers.Tracer("test").Start(t.Context(), "work")
			told.Log.InfoContext(ctx, "hello")
			span.End()
			told.Shutdown(t.Context())
			var got []string
			for i, path := range paths {
				if seen[i].Load() {
					got = append(got, path)
				}
			}
			assert.Equal(t, test.want, got)
			assert.Contains(t, out.String(), "hello", "the local log goes on")
		})
	}
}

// TestADeadCollectorIsComplainedAboutOnce keeps failing exporters quiet, and
// their own failures out of what they export.
func TestADeadCollectorIsComplainedAboutOnce(t *testing.T) {
	var posts atomic.Int64
	dead := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		posts.Add(1)
		http.Error(w, "go away", http.StatusForbidden)
	}))
	t.Cleanup(dead.Close)
	setenv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": dead.URL, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret",
		"OTEL_BLRP_SCHEDULE_DELAY": "5", "OTEL_BSP_SCHEDULE_DELAY": "5", "OTEL_METRIC_EXPORT_INTERVAL": "5",
	})
	var out bytes.Buffer
	told, err := telemetry.Start(t.Context(), config(&out))
	require.NoError(t, err)
	for range 20 {
		_, span := told.Tracers.Tracer("test").Start(t.Context(), "work")
		span.End()
		told.Log.Info("hello")
		before := posts.Load()
		require.Eventually(t, func() bool { return posts.Load() > before+2 }, waitTime, tick)
	}
	told.Shutdown(t.Context())
	assert.Equal(t, 1, strings.Count(out.String(), "telemetry cannot be exported"), "%s", out.String())
	assert.NotContains(t, out.String(), "s3cret")
	assert.Equal(t, 20, strings.Count(out.String(), "hello"))
}

func TestNothingIsDialledAtTheStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var dialled atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + listener.Addr().String(), "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
	var out bytes.Buffer
	told, err := telemetry.Start(t.Context(), config(&out))
	require.NoError(t, err)
	assert.Zero(t, dialled.Load())
	_, span := told.Tracers.Tracer("test").Start(t.Context(), "work")
	span.End()
	told.Shutdown(t.Context())
	assert.NotZero(t, dialled.Load(), "but when there is something to send")
	assert.Contains(t, out.String(), "not all telemetry could be delivered")
}

const (
	waitTime = time.Minute
	tick     = time.Millisecond
)

// TestExportedRecords hold what the log holds, and no more.
func TestExportedRecords(t *testing.T) {
	bodies := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		bodies <- string(body)
	}))
	t.Cleanup(collector.Close)
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": collector.URL + "/v1/logs"})
	var out bytes.Buffer
	told, err := telemetry.Start(t.Context(), config(&out))
	require.NoError(t, err)
	told.Log.Debug("below the level")
	told.Log.With("with", "this").WithGroup("group").Info("at the level", "error", errors.New("https://ada:s3cret@h/"))
	told.Shutdown(t.Context())
	require.Len(t, bodies, 1)
	body := <-bodies
	for _, held := range []string{"at the level", "with", "group", "https://…@h/", "skilld", "v1.2.3"} {
		assert.Contains(t, body, held)
	}
	assert.NotContains(t, body, "below the level")
	assert.NotContains(t, body, "s3cret")
}
