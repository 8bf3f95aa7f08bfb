// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// readHeaderTimeout bounds the wait for a request's head, so that slow
	// connections do not pile up.
	readHeaderTimeout = 10 * time.Second
	// readTimeout bounds the wait for a whole request: its body has at most 1 MiB.
	readTimeout = 30 * time.Second
	// idleTimeout is how long a connection is kept for its next request.
	idleTimeout = 2 * time.Minute
	// maxHeader bounds a request's head, in bytes.
	maxHeader = 64 << 10
	// grace is how long running requests get when the server is told to stop.
	grace = 30 * time.Second
	// patience is how long requests that are cut off may take to notice it.
	patience = 5 * time.Second
)

// Serve answers requests on the listener until ctx is done. Then it takes no
// new connections, gives running requests 30 s to finish, cancels the ones that
// are not done by then, and returns nil. It returns an error only where serving
// failed before. The listener is closed in any case.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	return serve(ctx, listener, handler, log, grace)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger, grace time.Duration) error {
	// Requests do not end with ctx, but with the server.
	base, cancelRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelRequests()
	var running sync.WaitGroup
	server := &http.Server{
		Handler:           counted(&running, handler),
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// "OPTIONS *" is answered as everything else is.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.InfoContext(ctx, "listening", "address", listener.Addr().String(), "network", listener.Addr().Network())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	log.InfoContext(ctx, "stopping", "grace", grace)
	inTime, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	err := server.Shutdown(inTime)
	if errors.Is(err, context.DeadlineExceeded) {
		log.WarnContext(ctx, "requests were still running at the end of the grace period and are cut off")
		cancelRequests()
		err = server.Close()
		wait(&running, patience)
	}
	if err != nil {
		log.WarnContext(ctx, "closing the listener or a connection failed", "error", err)
	}
	log.InfoContext(ctx, "stopped")
	return nil
}

// counted counts the requests that are running, because closing the server
// does not wait for their handlers.
func counted(running *sync.WaitGroup, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		next.ServeHTTP(w, r)
	})
}

// wait waits for the group, but no longer than most.
func wait(group *sync.WaitGroup, most time.Duration) {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(most):
	}
}
