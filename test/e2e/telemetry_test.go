// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/internal/registrytest"
)

// exporting is the environment of a daemon that exports to the endpoint, soon.
func exporting(endpoint string, more ...string) []string {
	const key = "collector-api-key"
	secrets.add(key)
	return append([]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_HEADERS=api-key=" + key,
		"OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_BLRP_SCHEDULE_DELAY=50", "OTEL_METRIC_EXPORT_INTERVAL=100",
	}, more...)
}

const (
	callersTrace = "0af7651916cd43dd8448eb211c80319c"
	callersSpan  = "b7ad6b7169203331"
)

// trace returns the spans of a trace by id, after checking that they are one
// tree: each has its parent among the others, but one, which has the root's.
func (c *collector) trace(t *testing.T, traceID, parentOfRoot string) map[string]*tracepb.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := make(map[string]*tracepb.Span)
	for _, span := range c.spans {
		if hex.EncodeToString(span.TraceId) == traceID {
			spans[hex.EncodeToString(span.SpanId)] = span
		}
	}
	roots := 0
	for _, span := range spans {
		parent := hex.EncodeToString(span.ParentSpanId)
		if parent == parentOfRoot {
			roots++
			continue
		}
		assert.Contains(t, spans, parent, "the parent of %s", span.Name)
		// Nothing that goes round in circles is a tree.
		for up, steps := span, 0; hex.EncodeToString(up.ParentSpanId) != parentOfRoot; steps++ {
			up = spans[hex.EncodeToString(up.ParentSpanId)]
			require.True(t, up != nil && steps < len(spans), "%s leads to the root", span.Name)
		}
	}
	assert.Equal(t, 1, roots, "roots of the trace %s", traceID)
	return spans
}

// named returns the one span of the name.
func named(t *testing.T, spans map[string]*tracepb.Span, name string) *tracepb.Span {
	t.Helper()
	var found []*tracepb.Span
	for _, span := range spans {
		if span.Name == name {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, "spans named %q", name)
	return found[0]
}

// TestCollector previews a skill that must be pulled, and looks at what a
// collector gets of it.
func TestCollector(t *testing.T) {
	t.Parallel()
	for protocol, endpoint := range map[string]func(*collector) string{
		"http/protobuf": func(c *collector) string { return c.overHTTP },
		"grpc":          func(c *collector) string { return c.overGRPC },
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			const user, password = "ada", "correct horse"
			registry := registrytest.WithTokenAuth(t, user, password)
			env := login(t, registry, user, password)
			ref, _, digest := publish(t, registry, env)
			registry.Forget()
			c := startCollector(t)
			d := start(t, options{
				env:   append(env, exporting(endpoint(c), "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")...),
				token: "daemon-token", flags: []string{"--auth-token-file", tokenFile(t, "daemon-token", 0o600)},
			})
			d.send(http.MethodGet, contentPath+"?ref="+url.QueryEscape(ref)+"&password=query-secret", "", http.Header{
				"Traceparent": {"00-" + callersTrace + "-" + callersSpan + "-01"}, "X-Request-Id": {"my-id"},
				"Cookie": {"session=cookie-secret"}, "Baggage": {"user=baggage-secret"},
			}).is(200)
			secrets.add("query-secret", "cookie-secret", "baggage-secret")
			require.Eventually(t, func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.metrics["skilld.builds"] != nil
			}, time.Minute, 10*time.Millisecond)
			d.stop()

			spans := c.trace(t, callersTrace, callersSpan)
			root := named(t, spans, "GET /api/v1beta/skills/content")
			assert.Equal(t, callersSpan, hex.EncodeToString(root.ParentSpanId))
			assert.Equal(t, tracepb.Span_SPAN_KIND_SERVER, root.Kind)
			about := texts(root.Attributes)
			assert.Equal(t, contentPath, about["http.route"])
			assert.Equal(t, 200, about["http.response.status_code"])
			for _, name := range []string{"resolve", "pull"} {
				assert.Equal(t, ref, texts(named(t, spans, name).Attributes)["skilld.reference"], name)
			}
			for _, name := range []string{"resolve", "pull", "extract"} {
				assert.Equal(t, digest, texts(named(t, spans, name).Attributes)["skilld.digest"], name)
			}
			require.NotEmpty(t, registry.Requests())
			pull := hex.EncodeToString(named(t, spans, "pull").SpanId)
			for _, request := range registry.Requests() {
				assert.Equal(t, "00-"+callersTrace+"-"+pull+"-01", request.Traceparent, request.Path)
			}

			lines := 0
			for _, record := range c.logs {
				if record.Body.GetStringValue() != "request" || hex.EncodeToString(record.TraceId) != callersTrace {
					continue
				}
				lines++
				assert.Equal(t, root.SpanId, record.SpanId)
				attributes := texts(record.Attributes)
				assert.Equal(t, "my-id", attributes["request_id"])
				assert.Equal(t, contentPath, attributes["route"])
				assert.NotContains(t, attributes, "trace_id", "which is a field of the record")
			}
			assert.Equal(t, 1, lines, "lines of the request")
			assert.Contains(t, d.log.String(), `"trace_id":"`+callersTrace+`"`)

			for _, name := range []string{"http.server.request.duration", "skilld.pulls", "skilld.builds", "skilld.store.size", "skilld.build_info", "go_goroutines"} {
				assert.Contains(t, c.metrics, name)
			}
			point := c.metrics["skilld.pulls"].GetSum().DataPoints[0]
			assert.EqualValues(t, 1, point.GetAsInt())
			assert.Equal(t, map[string]any{"source": "oci", "result": "ok"}, texts(point.Attributes))

			for _, resource := range c.resources {
				attributes := texts(resource.Attributes)
				assert.Equal(t, "skilld", attributes["service.name"])
				assert.Equal(t, "test", attributes["deployment.environment.name"])
				assert.NotEmpty(t, attributes["service.version"])
				for key := range attributes {
					assert.False(t, strings.HasPrefix(key, "host.") || strings.HasPrefix(key, "process."), key)
				}
			}
			assert.Empty(t, secrets.findings(c.String()), "what was exported holds secrets")
		})
	}
}

// TestSpansOfTheMainJob walks through what else there are spans for.
func TestSpansOfTheMainJob(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	server := gittest.New(t)
	commit := server.Create("org/repo").Commit("main", skillFiles("", "git-skill", "1"))
	c := startCollector(t)
	d := start(t, options{env: exporting(c.overHTTP), flags: []string{"--allow-private-hosts"}})
	ref := registry.Reference(repository, "1.0")
	digest := d.mustBuild(makeSkill(t, "my-skill", "1.0", nil), ref)
	d.post(pushPath, object{"reference": ref}).is(204)
	d.mustInstall(object{"name": server.Reference("org/repo", "")})
	missing := registry.Reference(repository, "9.9")
	d.content(missing).is(404)
	d.stop()

	byName := make(map[string]*tracepb.Span)
	roots := make(map[string]string)
	for _, span := range c.spans {
		byName[span.Name] = span
		if len(span.ParentSpanId) == 0 {
			assert.Equal(t, tracepb.Span_SPAN_KIND_SERVER, span.Kind, span.Name)
			roots[hex.EncodeToString(span.TraceId)] = span.Name
		}
	}
	for traceID := range roots {
		c.trace(t, traceID, "")
	}
	for name, want := range map[string]struct{ root, key, value string }{
		"package":     {"POST " + buildPath, "skilld.digest", digest},
		"push":        {"POST " + pushPath, "skilld.digest", digest},
		"resolve.git": {"POST " + skillsPath, "skilld.commit", commit},
		"clone":       {"POST " + skillsPath, "skilld.commit", commit},
		"pull":        {"GET " + contentPath, "skilld.reference", missing},
	} {
		if assert.Contains(t, byName, name) {
			assert.Equal(t, want.value, texts(byName[name].Attributes)[want.key], name)
			assert.Equal(t, want.root, roots[hex.EncodeToString(byName[name].TraceId)], name)
		}
	}
	assert.Equal(t, tracepb.Status_STATUS_CODE_ERROR, byName["pull"].Status.Code, "it failed")
	assert.Contains(t, byName["pull"].Status.Message, "404 Not Found")
}

// TestNothingIsSentUnlessAskedFor listens where OpenTelemetry sends things if
// nobody says where.
func TestNothingIsSentUnlessAskedFor(t *testing.T) {
	t.Parallel()
	var dialled atomic.Int64
	for _, address := range []string{"127.0.0.1:4317", "127.0.0.1:4318"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("somebody else listens at %s: %v", address, err)
		}
		server := &http.Server{Handler: http.NotFoundHandler(), ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				dialled.Add(1)
			}
		}}
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(listener) }()
	}
	for name, env := range map[string][]string{
		"no variables":    nil,
		"a protocol only": {"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_SERVICE_NAME=x"},
		"none":            {"OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"},
		"disabled":        {"OTEL_TRACES_EXPORTER=otlp", "OTEL_SDK_DISABLED=true"},
	} {
		d := start(t, options{env: append(env, "OTEL_BSP_SCHEDULE_DELAY=5", "OTEL_BLRP_SCHEDULE_DELAY=5", "OTEL_METRIC_EXPORT_INTERVAL=5")})
		d.get(skillsPath).is(200)
		d.stop()
		assert.Zero(t, dialled.Load(), name)
	}
	d := start(t, options{env: []string{"OTEL_TRACES_EXPORTER=otlp"}})
	d.get(skillsPath).is(200)
	d.stop()
	assert.NotZero(t, dialled.Load(), "the test would notice")
}

// TestDeadCollectors neither slow nor stop a daemon.
func TestDeadCollectors(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	for name, endpoint := range map[string]string{"refused": "http://127.0.0.1:1", "hangs": hanging.URL} {
		for _, protocol := range []string{"http/protobuf", "grpc"} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				d := start(t, options{env: exporting(endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol)})
				for range 100 {
					d.get(skillsPath).is(200)
				}
				d.stop()
				assert.Contains(t, d.log.String(), "not all telemetry could be delivered")
			})
		}
	}
}

// TestBadTelemetrySettings ends the start with the name of the variable.
func TestBadTelemetrySettings(t *testing.T) {
	t.Parallel()
	assert.Contains(t, refused(t, options{env: []string{"OTEL_TRACES_EXPORTER=zipkin"}}), "OTEL_TRACES_EXPORTER")
	said := refused(t, options{env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=ada:collector-password@h"}})
	assert.Contains(t, said, "OTEL_EXPORTER_OTLP_ENDPOINT")
	assert.NotContains(t, said, "collector-password")
}

// TestSecretsStayOutOfTheLog puts them where they do not belong.
func TestSecretsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	secrets.add("userinfo-secret", "signature-secret")
	registry := registrytest.Open(t)
	registry.Break(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, "http://127.0.0.1:1/blob?signature=signature-secret", http.StatusTemporaryRedirect)
	})
	d := start(t, options{})
	d.content("https://ada:userinfo-secret@example.com/org/repo").is(400)
	d.content(registry.Reference(repository, "1.0")).is(502, "refused")
	assert.Contains(t, d.log.String(), "request failed")
	assert.Empty(t, secrets.findings(d.log.String()))
}
