// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/skilld/skilld/pkg/netguard"
)

// border sends the requests of one session. A registry sends its clients on to
// other hosts: a token server, the storage of its blobs. One on the public
// internet must not make us knock at doors of the private network in this way,
// so what it sends us on to must have public addresses, too.
type border struct {
	// registry is the host, perhaps with a port, that the caller named.
	registry string
	// home is how that host is spoken to, and away how others are.
	home, away http.RoundTripper
	proxy      func(*http.Request) (*url.URL, error)
	lookup     func(ctx context.Context, host string) ([]netip.Addr, error)
}

// newBorder returns the border of a registry. What goes through a proxy, which
// does the dialling, is the proxy's to allow.
func newBorder(registry string, home http.RoundTripper, away http.RoundTripper) *border {
	return &border{
		registry: registry, home: home, away: away, proxy: http.ProxyFromEnvironment,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
	}
}

// newAwayTransport returns a transport that dials public addresses alone.
func newAwayTransport() *http.Transport {
	transport := newTransport()
	transport.Proxy = nil
	transport.DialContext = new(netguard.Dialer).DialContext
	return transport
}

// RoundTrip implements [http.RoundTripper].
func (b *border) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == b.registry || b.proxied(req) || b.isPrivate(req.Context()) {
		return b.home.RoundTrip(req)
	}
	return b.away.RoundTrip(req)
}

func (b *border) proxied(req *http.Request) bool {
	proxy, err := b.proxy(req)
	return err == nil && proxy != nil
}

// isPrivate reports whether the registry itself is in the private network, or
// on this machine, where its token server and its storage will be, too.
func (b *border) isPrivate(ctx context.Context) bool {
	addrs, err := b.lookup(ctx, (&url.URL{Host: b.registry}).Hostname())
	return err == nil && slices.ContainsFunc(addrs, func(addr netip.Addr) bool { return !netguard.Permitted(addr) })
}
