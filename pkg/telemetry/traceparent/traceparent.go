// SPDX-License-Identifier: Apache-2.0

// Package traceparent tells the servers that skilld asks which trace a request
// belongs to (W3C Trace Context, section 3.2), and nothing else: no tracestate
// or baggage of our own callers. It makes no spans of single requests, because
// their URLs may be signed.
package traceparent

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const header = "traceparent"

// Transport returns a round tripper that adds the header to each request whose
// context has a span that is recorded, which means that traces are exported,
// and sends it by way of base.
func Transport(base http.RoundTripper) http.RoundTripper { return transport{base} }

type transport struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !trace.SpanFromContext(req.Context()).IsRecording() {
		return t.base.RoundTrip(req)
	}
	fields := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(req.Context(), fields)
	traced := req.Clone(req.Context())
	traced.Header.Set(header, fields.Get(header))
	return t.base.RoundTrip(traced)
}
