// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/netguard"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBorder(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{"public.example": "93.184.215.14", "private.example": "10.1.2.3"}
	for name, test := range map[string]struct {
		registry, asked string
		proxied         bool
		away            bool
	}{
		"the public registry itself":            {"public.example", "public.example", false, false},
		"the private registry itself":           {"private.example:5000", "private.example:5000", false, false},
		"where a public registry sends us":      {"public.example", "10.0.0.1", false, true},
		"another port of a public registry":     {"public.example:443", "public.example:22", false, true},
		"where a private registry sends us":     {"private.example:5000", "storage.example", false, false},
		"where a registry on loopback sends us": {"127.0.0.1:5000", "127.0.0.1:6000", false, false},
		"where a registry of no address does":   {"gone.example", "10.0.0.1", false, true},
		"what a proxy dials":                    {"public.example", "10.0.0.1", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var went string
			to := func(where string) roundTripper {
				return func(*http.Request) (*http.Response, error) { went = where; return &http.Response{}, nil }
			}
			b := newBorder(test.registry, to("home"), to("away"))
			b.proxy = func(*http.Request) (*url.URL, error) {
				if test.proxied {
					return &url.URL{Scheme: "http", Host: "proxy.example"}, nil
				}
				return nil, nil
			}
			b.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
				if addr, err := netip.ParseAddr(host); err == nil {
					return []netip.Addr{addr}, nil
				}
				if text, known := addresses[host]; known {
					return []netip.Addr{netip.MustParseAddr(text)}, nil
				}
				return nil, errors.New("no such host")
			}
			_, err := b.RoundTrip(httptest.NewRequest(http.MethodGet, "https://"+test.asked+"/v2/", nil))
			require.NoError(t, err)
			assert.Equal(t, map[bool]string{false: "home", true: "away"}[test.away], went)
		})
	}
}

// TestAwayIsNoWayHome sends a request to a server of this machine as if a
// public registry had redirected us there.
func TestAwayIsNoWayHome(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody knocked") }))
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	_, err = newAwayTransport().RoundTrip(request)
	var blocked *netguard.BlockedError
	assert.ErrorAs(t, err, &blocked)
}
