// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/skills"
)

const (
	remoteTrace = "0af7651916cd43dd8448eb211c80319c"
	remoteSpan  = "b7ad6b7169203331"
)

// attributesOf returns attributes by name, as text.
func attributesOf(list []attribute.KeyValue) map[string]string {
	found := make(map[string]string)
	for _, kv := range list {
		found[string(kv.Key)] = kv.Value.String()
	}
	return found
}

func TestSpanOfARequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, path string
		err          error
		span, route  string
		status       string
		code         codes.Code
	}{
		"a route":              {method: "GET", path: "/api/v1beta/skills?token=s3cret", span: "GET /api/v1beta/skills", route: "/api/v1beta/skills", status: "200"},
		"a parameter":          {method: "DELETE", path: "/api/v1beta/skills/a-skill", span: "DELETE /api/v1beta/skills/{name}", route: "/api/v1beta/skills/{name}", status: "204"},
		"a secret in the path": {method: "DELETE", path: "/api/v1beta/skills/https%3A%2F%2Fada%3As3cret%40x", span: "DELETE /api/v1beta/skills/{name}", route: "/api/v1beta/skills/{name}", status: "204"},
		"no route":             {method: "GET", path: "/nothing/here", span: "GET", status: "404"},
		"a method of no route": {method: "PUT", path: "/api/v1beta/skills", span: "PUT", status: "405"},
		"a method of nobody":   {method: "BREW", path: "/api/v1beta/skills", span: "HTTP", status: "405"},
		"a fault of the caller's": {
			method: "GET", path: "/api/v1beta/skills", err: skills.Errorf(skills.Invalid, "bad"),
			span: "GET /api/v1beta/skills", route: "/api/v1beta/skills", status: "400",
		},
		"a fault of ours": {
			method: "GET", path: "/api/v1beta/skills", err: skills.Wrap(skills.Internal, errors.New("disk at https://u:s3cret@h full"), "not readable"),
			span: "GET /api/v1beta/skills", route: "/api/v1beta/skills", status: "500", code: codes.Error,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := tracetest.NewSpanRecorder()
			var inside trace.SpanContext
			handler := newHandler(t, api.Config{
				Tracers: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)),
				Service: service{list: func(ctx context.Context) error {
					inside = trace.SpanContextFromContext(ctx)
					return test.err
				}},
			})
			ask(t, handler, test.method, test.path, "traceparent: 00-"+remoteTrace+"-"+remoteSpan+"-01", "Authorization: Bearer s3cret", "Cookie: s3cret", "baggage: a=s3cret")
			require.Len(t, recorder.Ended(), 1)
			span := recorder.Ended()[0]
			assert.Equal(t, test.span, span.Name())
			assert.Equal(t, trace.SpanKindServer, span.SpanKind())
			assert.Equal(t, remoteTrace, span.SpanContext().TraceID().String())
			assert.Equal(t, remoteSpan, span.Parent().SpanID().String())
			assert.Equal(t, test.code, span.Status().Code)
			attributes := attributesOf(span.Attributes())
			assert.Equal(t, test.route, attributes["http.route"])
			assert.Equal(t, test.status, attributes["http.response.status_code"])
			if inside.IsValid() {
				assert.Equal(t, span.SpanContext().SpanID(), inside.SpanID(), "the use case is beneath it")
			}
			for _, event := range span.Events() {
				for key, value := range attributesOf(event.Attributes) {
					attributes["event "+key] = value
				}
			}
			if test.code == codes.Error {
				assert.Equal(t, "not readable", attributes["event exception.message"])
				assert.Equal(t, "disk at https://…@h full", attributes["event skilld.cause"])
			}
			for key, value := range attributes {
				assert.NotContains(t, value, "s3cret", key)
			}
		})
	}
}

// TestUnsampledCallersAreNotTraced respects what the caller has decided.
func TestUnsampledCallersAreNotTraced(t *testing.T) {
	t.Parallel()
	recorder := tracetest.NewSpanRecorder()
	handler := newHandler(t, api.Config{Tracers: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))})
	ask(t, handler, http.MethodGet, "/health", "traceparent: 00-"+remoteTrace+"-"+remoteSpan+"-00")
	assert.Empty(t, recorder.Ended())
	ask(t, handler, http.MethodGet, "/health")
	assert.Len(t, recorder.Ended(), 1)
}

func TestRequestsAreMeasured(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	handler := newHandler(t, api.Config{Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(api.MetricViews()...))})
	for _, path := range []string{"/health", "/health", "/a", "/b", "/c"} {
		ask(t, handler, http.MethodGet, path, "Host: h"+path[1:]+".localhost")
	}
	ask(t, handler, "BREW", "/health")
	ask(t, handler, "STEEP", "/health")
	ask(t, handler, http.MethodGet, "/health", "Host: evil.example")
	var measured metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &measured))
	counts := make(map[string]uint64)
	for _, scope := range measured.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				assert.Equal(t, "http.server.request.duration", m.Name)
				for _, point := range data.DataPoints {
					labels := attributesOf(point.Attributes.ToSlice())
					assert.LessOrEqual(t, len(labels), 3)
					counts[labels["http.request.method"]+" "+labels["http.route"]+" "+labels["http.response.status_code"]] = point.Count
				}
			default:
				assert.Fail(t, "not to be shown", m.Name)
			}
		}
	}
	assert.Equal(t, map[string]uint64{"GET /health 204": 2, "GET  404": 3, "_OTHER  405": 2, "GET  403": 1}, counts)
}
