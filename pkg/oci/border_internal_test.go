// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/netguard"
)

// dialled is a round tripper that reaches each of the addresses in turn, and
// says which way requests went.
type dialled struct {
	way       string
	addresses []string
	went      *string
}

func (d *dialled) RoundTrip(req *http.Request) (*http.Response, error) {
	*d.went = d.way
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
		address := d.addresses[0]
		if len(d.addresses) > 1 {
			d.addresses = d.addresses[1:]
		}
		near, far := net.Pipe()
		_ = far.Close()
		trace.GotConn(httptrace.GotConnInfo{Conn: connection{near, address}})
	}
	return &http.Response{}, nil
}

type connection struct {
	net.Conn
	address string
}

func (c connection) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.address))
}

func TestBorder(t *testing.T) {
	t.Parallel()
	const named = "registry.example:5000"
	for name, test := range map[string]struct {
		// addresses are those that the registry is reached at, request by request;
		// none if it is not asked first.
		addresses []string
		asked     string
		proxied   bool
		away      bool
	}{
		"the registry itself":                      {asked: named},
		"where a public registry sends us":         {addresses: []string{"93.184.215.14:5000"}, asked: "10.0.0.1", away: true},
		"another port of a public registry":        {addresses: []string{"93.184.215.14:5000"}, asked: "registry.example:22", away: true},
		"where a private registry sends us":        {addresses: []string{"10.1.2.3:5000"}, asked: "storage.example"},
		"where a registry on loopback sends us":    {addresses: []string{"[::1]:5000"}, asked: "127.0.0.1:6000"},
		"where one sends us that was private once": {addresses: []string{"10.1.2.3:5000", "93.184.215.14:5000"}, asked: "10.0.0.1", away: true},
		"where one sends us that was public once":  {addresses: []string{"93.184.215.14:5000", "10.1.2.3:5000"}, asked: "10.0.0.1", away: true},
		"where nobody knows who sends us":          {asked: "10.0.0.1", away: true},
		"what a proxy dials":                       {addresses: []string{"93.184.215.14:5000"}, asked: "10.0.0.1", proxied: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var went string
			b := newBorder(named, &dialled{way: "home", addresses: append(test.addresses, "127.0.0.1:1"), went: &went}, &dialled{way: "away", went: &went})
			b.proxy = func(*http.Request) (*url.URL, error) {
				if test.proxied {
					return &url.URL{Scheme: "http", Host: "proxy.example"}, nil
				}
				return nil, nil
			}
			ask := func(host string) {
				_, err := b.RoundTrip(httptest.NewRequest(http.MethodGet, "https://"+host+"/v2/", nil))
				require.NoError(t, err)
			}
			for range test.addresses {
				ask(named)
			}
			ask(test.asked)
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
