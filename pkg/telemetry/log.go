// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// parseLevel returns the least level to log: "debug", "info", "warn" or
// "error"; anything else is an error that says so.
func parseLevel(text string) (slog.Level, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(text)); err != nil {
		return least, fmt.Errorf("log level %q is unknown; it is debug, info, warn or error", text)
	}
	return least, nil
}

// newLocalLog returns the handler of the log that is written to w, in the
// format "text" or "json"; anything else is an error that says so.
func newLocalLog(w io.Writer, least slog.Level, format string) (slog.Handler, error) {
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return withTraceID{slog.NewTextHandler(w, options)}, nil
	case "json":
		return withTraceID{slog.NewJSONHandler(w, options)}, nil
	}
	return nil, fmt.Errorf("log format %q is unknown; it is text or json", format)
}

// withTraceID adds "trace_id" to each record that is logged with the context
// of a span. A record that is exported has it in a field of its own.
type withTraceID struct{ slog.Handler }

// Handle adds the id and passes the record on.
func (h withTraceID) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps the wrapping that embedding would lose.
func (h withTraceID) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withTraceID{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the wrapping that embedding would lose.
func (h withTraceID) WithGroup(name string) slog.Handler {
	return withTraceID{h.Handler.WithGroup(name)}
}

// atLeast lets nothing below a level through to a handler that has none.
type atLeast struct {
	slog.Handler
	least slog.Level
}

// Enabled reports whether a record of the level is wanted.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.least && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the wrapping that embedding would lose.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.least}
}

// WithGroup keeps the wrapping that embedding would lose.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.least}
}
