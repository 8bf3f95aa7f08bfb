// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/gittest"
	"github.com/skilld/skilld/pkg/skills"
)

// public starts a TLS server that stands for the public host, and a Fetcher
// that may not use private addresses but reaches that server under its name.
func public(t *testing.T, host string, handler http.Handler, getenv func(string) string) *Fetcher {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	f := NewFetcher(Config{TempDir: t.TempDir(), Getenv: getenv, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	t.Cleanup(f.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	f.transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}
	f.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == host+":443" {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		}
		return f.dialer.DialContext(ctx, network, address)
	}
	return f
}

func TestEachHostGetsItsOwnToken(t *testing.T) {
	t.Parallel()
	getenv := func(name string) string { return "the-" + name }
	for host, want := range map[string]string{
		"github.com":         "the-GITHUB_TOKEN",
		"gitlab.com":         "the-GITLAB_TOKEN",
		"git.example":        "the-GIT_TOKEN",
		"api.github.com":     "the-GIT_TOKEN",
		"github.com.example": "the-GIT_TOKEN",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			server := gittest.New(t)
			commit := server.Create("org/skill").Commit("main", map[string]string{"SKILL.md": "---\nname: greet\n---\n"})
			server.Intercept(gittest.RequireToken(want))
			f := public(t, host, server, getenv)
			ref, err := ParseReference("https://" + host + "/org/skill")
			require.NoError(t, err)
			got, err := f.Resolve(t.Context(), ref)
			require.NoError(t, err)
			assert.Equal(t, commit, got)
			require.NoError(t, f.Fetch(t.Context(), ref, got, t.TempDir()))
		})
	}
}

func TestTheTokenOfAPublicServiceNeverGoesOutInTheClear(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	f := NewFetcher(Config{AllowPrivate: true, Getenv: func(string) string { return "token" }, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	t.Cleanup(f.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	for _, host := range []string{"github.com", "gitlab.com"} {
		ref, err := ParseReference("git://" + host + ":" + port + "/org/skill")
		require.NoError(t, err)
		_, err = f.Resolve(t.Context(), ref)
		assert.Equal(t, skills.Unauthenticated, skills.KindOf(err), err)
	}
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, []string{"", ""}, seen)
}

func TestARedirectToAPrivateHostIsRefused(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{
		"by name":  "https://inside.example/org/skill/info/refs?service=git-upload-pack",
		"loopback": "https://127.0.0.1/org/skill/info/refs", "metadata": "https://169.254.169.254/info/refs",
		"IPv6": "https://[::1]/x/info/refs",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := public(t, "git.example", http.RedirectHandler(target, http.StatusFound), func(string) string { return "" })
			_, err := f.Resolve(t.Context(), Reference{Host: "git.example", Owner: "org", Repo: "skill"})
			require.Error(t, err)
			assert.Equal(t, skills.Invalid, skills.KindOf(err), err)
			assert.ErrorContains(t, err, "not allowed")
		})
	}
}

func TestARedirectToPlainHTTPIsRefused(t *testing.T) {
	t.Parallel()
	f := public(t, "git.example", http.RedirectHandler("http://git.example/org/skill/info/refs", http.StatusFound), func(string) string { return "" })
	_, err := f.Resolve(t.Context(), Reference{Host: "git.example", Owner: "org", Repo: "skill"})
	require.Error(t, err)
	assert.Equal(t, skills.Upstream, skills.KindOf(err), err)
	assert.ErrorContains(t, err, `from "https" to "http"`)
}

func TestTheUsualSuffixIsTried(t *testing.T) {
	t.Parallel()
	server := gittest.New(t)
	commit := server.Create("org/skill.git").Commit("main", map[string]string{"SKILL.md": "x"})
	f := public(t, "git.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/org/skill.git/info/refs" {
			http.NotFound(w, r)
			return
		}
		server.ServeHTTP(w, r)
	}), func(string) string { return "" })
	got, err := f.Resolve(t.Context(), Reference{Host: "git.example", Owner: "org", Repo: "skill"})
	require.NoError(t, err)
	assert.Equal(t, commit, got)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "17": 17 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Thu, 01 Jan 2026 00:00:00 GMT": 0,
	} {
		assert.Equal(t, want, retryAfter(header, now), header)
	}
}
