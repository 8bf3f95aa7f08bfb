// SPDX-License-Identifier: Apache-2.0

package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	dialTimeout   = 10 * time.Second
	headerTimeout = 30 * time.Second
	// maxHeader bounds the head of an answer, in bytes.
	maxHeader = 256 << 10
	// MaxRedirects is how many redirects [CheckRedirect] follows.
	MaxRedirects = 10
)

// BlockedError says that a host was not dialled because its address is not a
// permitted one. Use [errors.As] to find it beneath the errors of net and
// net/http.
type BlockedError struct {
	// Host is the host as it was named, without a port.
	Host string
	// Addr is the address that the host has.
	Addr netip.Addr
	// Rule is what is wrong with the address, as in "a loopback address".
	Rule string
}

// Error names the host, its address and the rule.
func (e *BlockedError) Error() string {
	if addr, err := netip.ParseAddr(e.Host); err == nil && addr == e.Addr {
		return fmt.Sprintf("host %s is %s, which is not allowed", e.Host, e.Rule)
	}
	return fmt.Sprintf("host %q has the address %s, %s, which is not allowed", e.Host, e.Addr, e.Rule)
}

// ErrRedirect is beneath the errors of [CheckRedirect].
var ErrRedirect = errors.New("redirect refused")

// Dialer opens TCP connections to permitted addresses. The zero value is ready
// for use and may be used by several goroutines.
type Dialer struct {
	// AllowPrivate lifts the check: every address is permitted.
	AllowPrivate bool
	// Lookup resolves host names; nil for the system's resolver. Its addresses
	// are tried in the order it gives.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// DialContext connects to address ("host:port") as [net.Dialer.DialContext]
// does. The error for an address that is not permitted wraps a [*BlockedError].
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	if !d.AllowPrivate {
		dialer.ControlContext = control(host)
	}
	if _, err := netip.ParseAddr(host); err == nil || d.Lookup == nil {
		return dialer.DialContext(ctx, network, address)
	}
	addrs, err := d.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	failure := error(&net.DNSError{Err: "no address", Name: host, IsNotFound: true})
	for i, addr := range addrs {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		if i == 0 {
			failure = err
		}
	}
	return nil, failure
}

// control returns the check that net.Dialer makes of each address between
// creating the socket and connecting it.
func control(host string) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial %q: only IP addresses are allowed", address)
		}
		if rule := refusal(target.Addr()); rule != "" {
			return &BlockedError{Host: host, Addr: target.Addr().Unmap(), Rule: rule}
		}
		return nil
	}
}

// Transport returns a new HTTP transport that dials with d and waits no longer
// than half a minute for the head of an answer. It uses no proxy, whatever the
// environment says: a proxy would do the dialling, out of reach of the check.
func (d *Dialer) Transport() *http.Transport {
	return &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// CheckRedirect is a policy for [http.Client]: at most MaxRedirects, and never
// from https to another scheme. Its errors wrap [ErrRedirect].
func CheckRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > MaxRedirects {
		return fmt.Errorf("%w: more than %d in a row", ErrRedirect, MaxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("%w: from https to %s", ErrRedirect, req.URL.Scheme)
	}
	return nil
}
