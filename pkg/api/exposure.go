// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Exposed reports whether others than the processes of this machine could
// connect: whether the host is, or resolves to, any address that is not a
// loopback one. It returns an error for a name that cannot be resolved.
func (c ListenConfig) Exposed(ctx context.Context) (bool, error) {
	if c.Socket != "" {
		return false, nil
	}
	if c.Host == "" {
		// Every address of the machine.
		return true, nil
	}
	if address, err := netip.ParseAddr(c.Host); err == nil {
		return !address.Unmap().IsLoopback(), nil
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", c.Host)
	if err != nil {
		return false, fmt.Errorf("the host to listen on cannot be resolved: %w", err)
	}
	for _, address := range addresses {
		if !address.Unmap().IsLoopback() {
			return true, nil
		}
	}
	return false, nil
}
