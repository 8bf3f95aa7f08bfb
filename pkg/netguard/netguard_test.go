// SPDX-License-Identifier: Apache-2.0

package netguard_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/netguard"
)

func TestPermitted(t *testing.T) {
	t.Parallel()
	refused := []string{
		"127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.0.1", "169.254.169.254", "168.63.129.16", "100.64.0.1", "100.127.255.255", "100.100.100.200",
		"0.0.0.0", "0.1.2.3", "192.0.0.192", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255",
		"192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
		"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8",
		"2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::", "2001::1", "2001:0:53aa:64c::1", "2001:2::1", "2001:db8::1",
		"3fff::1", "100::1", "5f00::1", "4000::1",
	}
	for _, s := range refused {
		assert.False(t, netguard.Permitted(netip.MustParseAddr(s)), s)
	}
	assert.False(t, netguard.Permitted(netip.Addr{}), "no address")

	permitted := []string{
		"1.1.1.1", "8.8.8.8", "140.82.121.3", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.1", "192.167.255.255", "169.253.0.1", "223.255.255.255", "198.20.0.1",
		"2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
	}
	for _, s := range permitted {
		assert.True(t, netguard.Permitted(netip.MustParseAddr(s)), s)
	}
}

// resolve makes a Lookup that knows the one host.
func resolve(host string, addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, name string) ([]netip.Addr, error) {
		if name != host {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		found := make([]netip.Addr, 0, len(addrs))
		for _, a := range addrs {
			found = append(found, netip.MustParseAddr(a))
		}
		return found, nil
	}
}

// client makes an HTTP client as the packages that use netguard do.
func client(t *testing.T, d *netguard.Dialer) *http.Client {
	t.Helper()
	transport := d.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: netguard.CheckRedirect}
}

// get returns the status of the answer; there is none with an error.
func get(t *testing.T, c *http.Client, target string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, nil
}

func TestARefusalNamesHostAddressAndRule(t *testing.T) {
	t.Parallel()
	tests := []struct{ addr, rule string }{
		{"127.0.0.1", "a loopback address"},
		{"10.0.0.1", "a private address"},
		{"169.254.169.254", "a cloud metadata address"},
		{"169.254.1.1", "a link-local address"},
		{"::1", "a loopback address"},
		{"fd00::1", "a private address"},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			t.Parallel()
			c := client(t, &netguard.Dialer{Lookup: resolve("skills.example", tt.addr)})
			_, err := get(t, c, "https://skills.example/catalogue.json")
			var blocked *netguard.BlockedError
			if !errors.As(err, &blocked) {
				// A machine without IPv6 has no socket to check; nothing is sent either.
				require.Contains(t, tt.addr, ":", "got %v", err)
				require.Error(t, err)
				return
			}
			assert.Equal(t, netguard.BlockedError{Host: "skills.example", Addr: netip.MustParseAddr(tt.addr), Rule: tt.rule}, *blocked)
			assert.Equal(t, `host "skills.example" has the address `+tt.addr+", "+tt.rule+", which is not allowed", blocked.Error())
		})
	}
}

func TestNoByteReachesABlockedHost(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			accepted.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]

	blocked := client(t, &netguard.Dialer{Lookup: resolve("rebound.example", "127.0.0.1")})
	for _, target := range []string{
		server.URL, "http://rebound.example" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port,
	} {
		_, err := get(t, blocked, target)
		require.Error(t, err, target)
	}
	_, err := get(t, client(t, &netguard.Dialer{}), "http://localhost"+port)
	var refusal *netguard.BlockedError
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, "localhost", refusal.Host)
	assert.Zero(t, accepted.Load())

	_, err = get(t, blocked, server.URL)
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, "host 127.0.0.1 is a loopback address, which is not allowed", refusal.Error())
}

func TestAllowPrivateReachesLoopback(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]

	c := client(t, &netguard.Dialer{AllowPrivate: true, Lookup: resolve("skills.example", "127.0.0.1")})
	for _, target := range []string{server.URL, "http://skills.example" + port} {
		status, err := get(t, c, target)
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, status)
	}
}

func TestANameWithoutAddressesFails(t *testing.T) {
	t.Parallel()
	d := &netguard.Dialer{Lookup: resolve("skills.example")}
	for _, address := range []string{"skills.example:443", "other.example:443", "skills.example"} {
		_, err := d.DialContext(t.Context(), "tcp", address)
		require.Error(t, err, address)
	}
}

func TestAddressesAreTriedInOrder(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]

	// A broadcast address cannot be connected to over TCP, so the second answers.
	d := &netguard.Dialer{AllowPrivate: true, Lookup: resolve("skills.example", "255.255.255.255", "127.0.0.1")}
	conn, err := d.DialContext(t.Context(), "tcp", "skills.example"+port)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestOnlyIPIsDialled(t *testing.T) {
	t.Parallel()
	_, err := (&netguard.Dialer{}).DialContext(t.Context(), "unix", "/run/some.socket:1")
	require.Error(t, err)
}

func TestCheckRedirect(t *testing.T) {
	t.Parallel()
	request := func(target string) *http.Request {
		u, err := url.Parse(target)
		require.NoError(t, err)
		return &http.Request{URL: u}
	}
	via := func(n int, target string) []*http.Request {
		requests := make([]*http.Request, n)
		for i := range requests {
			requests[i] = request(target)
		}
		return requests
	}
	require.NoError(t, netguard.CheckRedirect(request("https://b.example"), via(1, "https://a.example")))
	require.NoError(t, netguard.CheckRedirect(request("https://b.example"), via(1, "http://a.example")))
	require.NoError(t, netguard.CheckRedirect(request("http://b.example"), via(netguard.MaxRedirects, "http://a.example")))
	require.ErrorContains(t, netguard.CheckRedirect(request("http://b.example"), via(netguard.MaxRedirects+1, "http://a.example")), "in a row")
	err := netguard.CheckRedirect(request("http://b.example"), via(1, "https://a.example"))
	require.ErrorIs(t, err, netguard.ErrRedirect)
	require.ErrorContains(t, err, "from https to http")
}

func TestARedirectToABlockedHostIsRefused(t *testing.T) {
	t.Parallel()
	// The first hop is let through by its own transport; the second is dialled
	// by the guarded one, as it would be for a public first host.
	front := httptest.NewServer(http.RedirectHandler("http://inside.example/secret", http.StatusFound))
	t.Cleanup(front.Close)
	open := (&netguard.Dialer{AllowPrivate: true}).Transport()
	t.Cleanup(open.CloseIdleConnections)
	guarded := (&netguard.Dialer{Lookup: resolve("inside.example", "10.0.0.1")}).Transport()
	c := &http.Client{CheckRedirect: netguard.CheckRedirect, Transport: byHost{"inside.example": guarded, "": open}}

	_, err := get(t, c, front.URL)
	var blocked *netguard.BlockedError
	require.ErrorAs(t, err, &blocked)
	assert.Equal(t, "inside.example", blocked.Host)
}

// byHost sends a request through the transport of its host.
type byHost map[string]http.RoundTripper

func (b byHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if transport, ok := b[req.URL.Host]; ok {
		return transport.RoundTrip(req)
	}
	return b[""].RoundTrip(req)
}
