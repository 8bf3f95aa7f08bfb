// SPDX-License-Identifier: Apache-2.0

package netguard

import "net/netip"

// block is a range of addresses that no permitted host has.
type block struct {
	prefix netip.Prefix
	rule   string
}

// The ranges of the IANA special-purpose address registries (RFC 6890) that are
// not globally reachable, and the addresses outside them at which clouds answer
// their guests. The first that matches names the rule.
var (
	blocks4 = []block{
		{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address"},
		{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
		{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
		{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
		{netip.MustParsePrefix("169.254.169.254/32"), "a cloud metadata address"},
		{netip.MustParsePrefix("168.63.129.16/32"), "a cloud metadata address"},
		{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address"},
		{netip.MustParsePrefix("100.64.0.0/10"), "a shared carrier address"},
		{netip.MustParsePrefix("0.0.0.0/8"), "an unspecified address"},
		{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address"},
		{netip.MustParsePrefix("192.0.2.0/24"), "a documentation address"},
		{netip.MustParsePrefix("198.51.100.0/24"), "a documentation address"},
		{netip.MustParsePrefix("203.0.113.0/24"), "a documentation address"},
		{netip.MustParsePrefix("198.18.0.0/15"), "a benchmark address"},
		{netip.MustParsePrefix("192.88.99.0/24"), "a reserved address"},
		{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
		{netip.MustParsePrefix("255.255.255.255/32"), "a broadcast address"},
		{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
	}
	blocks6 = []block{
		{netip.MustParsePrefix("::1/128"), "a loopback address"},
		{netip.MustParsePrefix("::/128"), "an unspecified address"},
		{netip.MustParsePrefix("fd00:ec2::254/128"), "a cloud metadata address"},
		{netip.MustParsePrefix("fc00::/7"), "a private address"},
		{netip.MustParsePrefix("fec0::/10"), "a private address"},
		{netip.MustParsePrefix("fe80::/10"), "a link-local address"},
		{netip.MustParsePrefix("ff00::/8"), "a multicast address"},
		{netip.MustParsePrefix("2001:db8::/32"), "a documentation address"},
		{netip.MustParsePrefix("3fff::/20"), "a documentation address"},
		// Teredo, benchmarks, ORCHID and other assignments of RFC 2928.
		{netip.MustParsePrefix("2001::/23"), "a reserved address"},
	}

	// nat64 and sixToFour carry an IPv4 address to which a gateway forwards
	// (RFC 6052, section 2.1, and RFC 3056, section 2).
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
	// unicast6 is the only part of IPv6 from which global addresses are given out.
	unicast6 = netip.MustParsePrefix("2000::/3")
)

// Permitted reports whether addr is an address of the public internet. An IPv6
// address that carries an IPv4 one (IPv4-mapped, NAT64, 6to4) is as permitted
// as the one it carries.
func Permitted(addr netip.Addr) bool { return refusal(addr) == "" }

// refusal returns which rule forbids addr, as in "is a loopback address", or ""
// where none does.
func refusal(addr netip.Addr) string {
	// Prefix.Contains is false for any address that has a zone.
	addr = addr.Unmap().WithZone("")
	switch {
	case !addr.IsValid():
		return "no address"
	case addr.Is4():
		return match(blocks4, addr)
	case nat64.Contains(addr):
		b := addr.As16()
		return match(blocks4, netip.AddrFrom4([4]byte(b[12:])))
	case sixToFour.Contains(addr):
		b := addr.As16()
		return match(blocks4, netip.AddrFrom4([4]byte(b[2:6])))
	}
	if rule := match(blocks6, addr); rule != "" {
		return rule
	}
	if !unicast6.Contains(addr) {
		return "a reserved address"
	}
	return ""
}

func match(blocks []block, addr netip.Addr) string {
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			return b.rule
		}
	}
	return ""
}
