// SPDX-License-Identifier: Apache-2.0

package apierrors

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/skilld/skilld/pkg/redact"
	"github.com/skilld/skilld/pkg/skills"
)

// HandlerFunc answers a request, or returns why it did not. When it returns an
// error it has written nothing.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Handler returns h as an http.Handler that answers the errors of h by their
// kind and logs the ones that are not the caller's doing.
func Handler(log *slog.Logger, h HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			Answer(log, w, r, err)
		}
	}
}

// Answer writes the answer for err: the status of its kind and its message as
// plain text (see [Coded] for the exception), or as problem details where the
// client asks for them. An error of ours (500) is logged with its cause and
// says nothing to the caller; the request's span has the cause too. The answer
// is not written when the client has gone.
func Answer(log *slog.Logger, w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if errors.Is(ctx.Err(), context.Canceled) {
		log.InfoContext(ctx, "client went away before the answer", "error", err.Error())
		w.WriteHeader(statusClientGone)
		return
	}
	status := Status(err)
	because := cause(err)
	log.LogAttrs(ctx, level(status), "request failed",
		slog.Int("status", status), slog.String("error", err.Error()), slog.String("cause", because))
	if status >= http.StatusInternalServerError {
		span := trace.SpanFromContext(ctx)
		span.RecordError(errors.New(redact.Text(err.Error())), trace.WithAttributes(attribute.String("skilld.cause", redact.Text(because))))
		// Where the answer is an event of a stream, its status does not say so.
		span.SetStatus(codes.Error, "")
	}
	setRetryAfter(w.Header(), err)
	write(w, r, status, codeOf(err), message(err, status))
}

// level is how much an operator should care about an answer of this status.
func level(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case status > http.StatusInternalServerError:
		return slog.LevelWarn
	default:
		return slog.LevelDebug
	}
}

// cause is the text of everything beneath err that err's own text leaves out.
func cause(err error) string {
	var texts []string
	last := err.Error()
	for err = errors.Unwrap(err); err != nil; err = errors.Unwrap(err) {
		if text := err.Error(); !strings.Contains(last, text) {
			texts = append(texts, text)
			last = text
		}
	}
	return strings.Join(texts, ": ")
}

// setRetryAfter passes on how long an upstream asked us to wait, in whole
// seconds and never too short (RFC 9110, section 10.2.3).
func setRetryAfter(header http.Header, err error) {
	var known *skills.Error
	if errors.As(err, &known) && known.RetryAfter > 0 {
		header.Set("Retry-After", wholeSeconds(known.RetryAfter))
	}
}
