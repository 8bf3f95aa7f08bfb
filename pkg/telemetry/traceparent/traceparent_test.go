// SPDX-License-Identifier: Apache-2.0

package traceparent_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/skilld/skilld/pkg/telemetry/traceparent"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	t.Cleanup(server.Close)
	ask := func(ctx context.Context) *http.Request {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		response, err := traceparent.Transport(http.DefaultTransport).RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return request
	}
	span := func(sampler sdktrace.Sampler, state string) (context.Context, trace.SpanContext) {
		parsed, err := trace.ParseTraceState(state)
		require.NoError(t, err)
		parent := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: parsed, Remote: true,
		}))
		ctx, span := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler)).Tracer("").Start(parent, "pull")
		return ctx, span.SpanContext()
	}

	ask(t.Context())
	assert.Empty(t, got.Values("traceparent"), "no span")
	unrecorded, _ := span(sdktrace.NeverSample(), "vendor=theirs")
	ask(unrecorded)
	assert.Empty(t, got.Values("traceparent"), "nothing is exported")

	recorded, id := span(sdktrace.AlwaysSample(), "vendor=theirs")
	request := ask(recorded)
	assert.Equal(t, "00-"+id.TraceID().String()+"-"+id.SpanID().String()+"-01", got.Get("traceparent"))
	assert.Empty(t, got.Values("tracestate"), "a caller's data is not handed on")
	assert.Empty(t, request.Header, "a round tripper must not change the request")
}
