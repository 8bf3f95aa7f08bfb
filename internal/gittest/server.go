// SPDX-License-Identifier: Apache-2.0

package gittest

import (
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Server serves every repository below its folder over smart HTTP.
type Server struct {
	// URL is the server's base address, "http://127.0.0.1:port".
	URL string

	t         testing.TB
	folder    string
	backend   http.Handler
	intercept atomic.Pointer[Interceptor]
	requests  atomic.Int64
	sent      atomic.Int64
}

// Interceptor answers a request in the place of git, or returns false to leave
// it to git.
type Interceptor func(w http.ResponseWriter, r *http.Request) bool

// New starts a server on a free loopback port; it stops when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, folder: t.TempDir()}
	execPath := strings.TrimSpace(run(t, s.folder, nil, "--exec-path"))
	if _, err := exec.LookPath(filepath.Join(execPath, "git-http-backend")); err != nil {
		t.Fatalf("git's http-backend is missing: %v", err)
	}
	s.backend = &cgi.Handler{
		Path:   filepath.Join(execPath, "git-http-backend"),
		Root:   "/",
		Dir:    s.folder,
		Env:    append(environment(s.folder), "GIT_PROJECT_ROOT="+s.folder, "GIT_HTTP_EXPORT_ALL=1"),
		Stderr: io.Discard,
		Logger: log.New(io.Discard, "", 0),
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// ServeHTTP answers one request, so that a test can put the same repositories
// behind a server of its own, one with TLS for instance.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	counted := &countingWriter{ResponseWriter: w, count: &s.sent}
	if intercept := s.intercept.Load(); intercept != nil && (*intercept)(counted, r) {
		return
	}
	s.backend.ServeHTTP(counted, r)
}

// Host returns the server's host and port.
func (s *Server) Host() string { return strings.TrimPrefix(s.URL, "http://") }

// Reference returns the git reference of a repository ("owner/repo") followed
// by suffix, such as "@main#skills/greet".
func (s *Server) Reference(repo, suffix string) string {
	return "git://" + s.Host() + "/" + repo + suffix
}

// Requests returns how many requests have come in since the last Reset.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Sent returns how many bytes of bodies have gone out since the last Reset.
func (s *Server) Sent() int64 { return s.sent.Load() }

// Reset puts the counters back to zero.
func (s *Server) Reset() {
	s.requests.Store(0)
	s.sent.Store(0)
}

// Intercept lets the interceptor see every request first; nil stops that.
func (s *Server) Intercept(intercept Interceptor) {
	if intercept == nil {
		s.intercept.Store(nil)
		return
	}
	s.intercept.Store(&intercept)
}

// Status answers every request with the status code and the body, and with
// Retry-After unless retryAfter is empty.
func Status(code int, retryAfter, body string) Interceptor {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		http.Error(w, body, code)
		return true
	}
}

// RequireToken answers 401 to every request that does not bring the token as
// the password of basic authentication.
func RequireToken(token string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if _, password, _ := r.BasicAuth(); password == token {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="gittest"`)
		http.Error(w, "authentication required", http.StatusUnauthorized)
		return true
	}
}

// Hang keeps every request that the filter matches (nil for all) without an
// answer until its client gives up.
func Hang(filter func(*http.Request) bool) Interceptor {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if filter != nil && !filter(r) {
			return false
		}
		// The server notices that its client has gone once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		return true
	}
}

// Redirect sends every request to the same path and query at another base URL.
func Redirect(base string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request) bool {
		target := url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, strings.TrimSuffix(base, "/")+target.String(), http.StatusFound)
		return true
	}
}

// countingWriter adds the bytes of a body to a counter.
type countingWriter struct {
	http.ResponseWriter
	count *atomic.Int64
}

// Write passes the bytes on.
func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.count.Add(int64(n))
	return n, err
}

// Unwrap gives [http.ResponseController] the writer beneath.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
