// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/skilld/skilld/pkg/api/accept"
	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

const eventsType = "text/event-stream"

// followed lets clients follow what next does. One that asks for
// text/event-stream gets a stream (HTML Living Standard, section 9.2) of
// progress events, of which the last is the answer: "result" with its JSON, or
// {} where there is none, or "error" with problem details.
//
// The stream begins with the first event, or sign of life. Until then nothing is
// lost: an answer that is no success keeps its status and its form.
func followed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !wantsEvents(r.Header) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		events := newEventStream(w, cancel)
		final := &answer{header: make(http.Header)}
		reported := follow(events, func(report func(skills.Progress)) {
			request := r.Clone(skills.WithProgress(ctx, report))
			// "Not modified" would be no last event.
			request.Header.Del("If-None-Match")
			next.ServeHTTP(final, request)
		})
		if !reported && !final.success() {
			final.copyTo(w)
			return
		}
		final.endStream(events)
	})
}

// wantsEvents reports whether the client has asked for events, and for JSON no
// more than for them.
func wantsEvents(header http.Header) bool {
	events := accept.Weight(header, eventsType)
	ordinary := max(accept.Weight(header, jsonType), accept.Weight(header, "application/*"), accept.Weight(header, "*/*"))
	return events > 0 && events >= ordinary
}

// answer is an ordinary answer that is kept until it is known how to send it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) success() bool { return a.status < http.StatusMultipleChoices }

// copyTo sends the answer as it is.
func (a *answer) copyTo(w http.ResponseWriter) {
	for name, values := range a.header {
		if name != "Vary" {
			w.Header().Del(name)
		}
		for _, value := range values {
			w.Header().Add(name, value)
		}
	}
	w.WriteHeader(a.status)
	// A failure to write means that nobody is listening any more.
	_, _ = w.Write(a.body.Bytes())
}

// endStream sends the answer as the last event, and what its header says beside
// that as header or trailer.
func (a *answer) endStream(events *eventStream) {
	for _, name := range []string{"Location", "Retry-After", "Warning"} {
		if value := a.header.Get(name); value != "" {
			events.set(name, value)
		}
	}
	if tag := a.header.Get("ETag"); tag != "" {
		// The tag is that of the ordinary answer's bytes (RFC 9110, section 8.8.1).
		events.set("ETag", "W/"+tag)
	}
	switch {
	case a.status >= http.StatusBadRequest:
		events.send("error", a.problem())
	case a.body.Len() == 0:
		events.send("result", []byte("{}"))
	default:
		events.send("result", bytes.TrimSpace(a.body.Bytes()))
	}
	events.end()
}

// problem returns the answer, an error, as JSON.
func (a *answer) problem() []byte {
	if strings.HasPrefix(a.header.Get("Content-Type"), apierrors.ProblemType) {
		return a.body.Bytes()
	}
	return eventData(apierrors.NewProblem(a.status, a.body.String()))
}
