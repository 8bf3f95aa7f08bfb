// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/skilld/skilld/pkg/redact"
)

// durations are the upper bounds of the buckets of request durations, in
// seconds: an answer from a cache takes less than the first, a pull may take
// as long as the last.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// observe makes a span for each request, as a child of the one that the client
// names in traceparent, and measures it. tracers and meters may be nil, for
// neither.
//
// Of what clients propagate only W3C's trace context is taken: the baggage
// beside it would be their data, handed on to others.
func observe(tracers trace.TracerProvider, meters metric.MeterProvider) func(http.Handler) http.Handler {
	if tracers == nil {
		tracers = tracenoop.NewTracerProvider()
	}
	if meters == nil {
		meters = metricnoop.NewMeterProvider()
	}
	return otelhttp.NewMiddleware("",
		otelhttp.WithTracerProvider(tracers),
		otelhttp.WithMeterProvider(meters),
		otelhttp.WithPropagators(propagation.TraceContext{}))
}

// MetricViews are how a provider of meters should show what is measured of
// requests: their durations alone, by method, route and status. Another label
// that clients choose (the Host, for one) would make as many series as they
// like.
func MetricViews() []sdkmetric.View {
	drop := sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}
	return []sdkmetric.View{
		sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.request.duration"}, sdkmetric.Stream{
			Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: durations},
			AttributeFilter: attribute.NewAllowKeysFilter(
				semconv.HTTPRequestMethodKey, semconv.HTTPRouteKey, semconv.HTTPResponseStatusCodeKey),
		}),
		sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.request.body.size"}, drop),
		sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.response.body.size"}, drop),
	}
}

// nameRoute tells observe, right outside of it, which route a request took, so
// that spans and metrics are named by its pattern: paths are as many as clients
// like, and may hold what is none of ours.
func nameRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanFromContext(r.Context())
		if span.IsRecording() {
			span.SetAttributes(semconv.URLPath(redact.Text(r.URL.Path)))
		}
		defer func() {
			if r.Pattern = routeOf(r); r.Pattern != "" {
				span.SetAttributes(semconv.HTTPRoute(r.Pattern))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// routeOf returns the pattern of the route that a request took, or "". It is
// known when the request is over.
func routeOf(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }
