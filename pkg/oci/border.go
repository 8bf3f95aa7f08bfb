// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync"

	"github.com/skilld/skilld/pkg/netguard"
)

// border sends the requests of one session. A registry sends its clients on to
// other hosts: a token server, the storage of its blobs. One on the public
// internet must not make us knock at doors of the private network in this way,
// so what it sends us on to must have public addresses, too. One in the private
// network, or on this machine, has its token server and storage there as well.
type border struct {
	// registry is the host, perhaps with a port, that the caller named.
	registry string
	// home is how that host is spoken to, and away how others are.
	home, away http.RoundTripper
	// proxy says which proxy does the dialling. What goes through one is the
	// proxy's to allow.
	proxy func(*http.Request) (*url.URL, error)

	mu sync.Mutex
	// reached says that the registry was connected to, and public that it had a
	// public address then.
	reached, public bool
}

// newBorder returns the border of a registry.
func newBorder(registry string, home, away http.RoundTripper) *border {
	return &border{registry: registry, home: home, away: away, proxy: http.ProxyFromEnvironment}
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
	if req.URL.Host == b.registry {
		// What counts is the address that was really dialled: what a lookup says
		// may be another the next time.
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { b.note(info.Conn.RemoteAddr()) }}
		return b.home.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	}
	if b.isPrivate() || b.isProxied(req) {
		return b.home.RoundTrip(req)
	}
	return b.away.RoundTrip(req)
}

// note keeps what kind of address the registry has.
func (b *border) note(remote net.Addr) {
	addr, err := netip.ParseAddrPort(remote.String())
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reached = true
	if err != nil || netguard.Permitted(addr.Addr()) {
		b.public = true
	}
}

func (b *border) isPrivate() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reached && !b.public
}

func (b *border) isProxied(req *http.Request) bool {
	proxy, err := b.proxy(req)
	return err == nil && proxy != nil
}
