// SPDX-License-Identifier: Apache-2.0

package registrytest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // registers itself
	"github.com/sirupsen/logrus"
)

// Server is a registry. It ends with its test.
type Server struct {
	// Host is the registry's address: "127.0.0.1:" and a port.
	Host string

	// ending is closed when the test ends, so that no fault lasts longer.
	ending chan struct{}

	mu       sync.Mutex
	fault    Fault
	requests []Request
}

// Request is one that a registry, or its token server, received.
type Request struct {
	// Method is the HTTP method.
	Method string
	// Path is the URL's path, such as /v2/org/name/manifests/v1.
	Path string
	// Authorized says whether it brought credentials.
	Authorized bool
	// UserAgent is who the client says it is.
	UserAgent string
	// Traceparent is the trace that the client says the request belongs to.
	Traceparent string
}

// quiet keeps the registry's log out of the tests' output.
var quiet = sync.OnceFunc(func() { logrus.SetOutput(io.Discard) })

// Open starts a registry that lets everybody in.
func Open(t testing.TB) *Server {
	t.Helper()
	return start(t, func(string) access { return access{} })
}

// access is how a registry is guarded.
type access struct {
	config configuration.Auth
	// token is the token server; nil where there is none.
	token http.Handler
}

// start starts a registry that is guarded as guard says, given its host.
func start(t testing.TB, guard func(host string) access) *Server {
	t.Helper()
	quiet()
	s := &Server{ending: make(chan struct{})}
	server := httptest.NewUnstartedServer(nil)
	s.Host = server.Listener.Addr().String()

	guarded := guard(s.Host)
	config := &configuration.Configuration{
		Auth: guarded.config,
		Storage: configuration.Storage{
			"inmemory":    nil,
			"delete":      {"enabled": true},
			"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	config.HTTP.Secret = "no secret at all"
	config.Catalog.MaxEntries = 1000
	app := handlers.NewApp(context.WithoutCancel(t.Context()), config)

	mux := http.NewServeMux()
	mux.Handle("/v2/", app)
	if guarded.token != nil {
		mux.Handle("/token", guarded.token)
	}
	server.Config.Handler = s.handle(mux)
	server.Start()
	t.Cleanup(func() {
		close(s.ending)
		server.Close()
		if err := app.Shutdown(); err != nil {
			t.Errorf("shutting the registry down: %v", err)
		}
	})
	return s
}

// handle records each request and lets the fault, if there is one, answer it.
func (s *Server) handle(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, Request{
			Method: r.Method, Path: r.URL.Path,
			Authorized: r.Header.Get("Authorization") != "", UserAgent: r.UserAgent(),
			Traceparent: r.Header.Get("Traceparent"),
		})
		fault := s.fault
		s.mu.Unlock()
		if fault == nil {
			registry.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-s.ending:
				cancel()
			case <-ctx.Done():
			}
		}()
		fault(w, r.WithContext(ctx), registry)
	})
}

// Reference returns the reference of a tag in the registry.
func (s *Server) Reference(repository, tag string) string {
	return s.Host + "/" + repository + ":" + tag
}

// Break makes the fault answer from now on; nil mends the registry.
func (s *Server) Break(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Requests returns what was asked since the start or the last Forget, in the
// order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Count returns how many requests had the method, and a path with part in it.
func (s *Server) Count(method, part string) int {
	count := 0
	for _, request := range s.Requests() {
		if request.Method == method && strings.Contains(request.Path, part) {
			count++
		}
	}
	return count
}

// Forget forgets all requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
