// SPDX-License-Identifier: Apache-2.0

package api

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// hostCheck refuses requests whose Host is not a name of this daemon. A web
// page cannot forge the Host of its requests, so a page whose own name was made
// to resolve to a loopback address (DNS rebinding) is told by it.
type hostCheck struct {
	allowed    map[string]bool
	overSocket bool
	log        *slog.Logger
}

func newHostCheck(hosts []string, overSocket bool, log *slog.Logger) (*hostCheck, error) {
	check := &hostCheck{allowed: make(map[string]bool), overSocket: overSocket, log: log}
	for _, host := range hosts {
		name := hostName(host)
		if name == "" || strings.ContainsAny(host, "/@*? \t") {
			return nil, skills.Errorf(skills.Invalid,
				"allowed host %q is not a host: give a name or an address alone, such as skills.example.com", host)
		}
		check.allowed[name] = true
	}
	return check, nil
}

func (c *hostCheck) middleware(next http.Handler) http.Handler {
	refuse := apierrors.Handler(c.log, func(_ http.ResponseWriter, r *http.Request) error {
		return skills.Errorf(skills.Forbidden,
			"the Host %q is neither a loopback name nor one that the daemon was told to answer for (--allow-host)", r.Host)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.overSocket && !c.knows(hostName(r.Host)) {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows reports whether name is a loopback name or address (RFC 6761, section
// 6.3: "localhost" and all below it), or an allowed one.
func (c *hostCheck) knows(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || c.allowed[name] {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Unmap().IsLoopback()
}

// hostName returns the host without port, brackets and the dot of a fully
// qualified name, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
