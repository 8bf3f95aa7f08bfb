// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
)

// logAccess logs a line for each request when it is over. It names the route's
// pattern, not the path: paths and queries hold folders and references.
func logAccess(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			watched := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				log.LogAttrs(r.Context(), slog.LevelInfo, "request",
					slog.String("method", r.Method),
					slog.String("route", routeOf(r)),
					slog.Int("status", watched.Status()),
					slog.Duration("duration", time.Since(start)),
					slog.Int("bytes", watched.BytesWritten()))
			}()
			next.ServeHTTP(watched, r)
		})
	}
}

// recoverPanics answers a handler's panic with 500. Where a part of the answer
// is out already, the connection is cut instead, so that the client does not
// take the part for the whole.
func recoverPanics(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(reason)
				}
				log.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
				if watched, ok := w.(middleware.WrapResponseWriter); ok && watched.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				apierrors.Answer(log, w, r, fmt.Errorf("panic: %v", reason))
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// setSecurityHeaders sets what every answer says to a browser: take the type
// as it is, show nothing of it in a frame, run nothing, tell nobody where the
// request came from, and keep no copy. Handlers that know better say so.
func setSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}
