// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// originCheck refuses what a web page of another site asks for, and lets the
// pages of trusted origins in, with the CORS answers that their browsers need.
// Clients that are no browsers send neither Origin nor Sec-Fetch-Site and are
// not affected. It stands before the check of tokens, because browsers ask what
// they may send without one.
type originCheck struct {
	protection *http.CrossOriginProtection
	trusted    map[string]bool
	log        *slog.Logger
}

func newOriginCheck(origins []string, log *slog.Logger) (*originCheck, error) {
	check := &originCheck{protection: http.NewCrossOriginProtection(), trusted: make(map[string]bool), log: log}
	for _, origin := range origins {
		// Browsers send an origin's scheme and host in lower case.
		origin = strings.ToLower(origin)
		if err := check.protection.AddTrustedOrigin(origin); err != nil {
			return nil, skills.Wrap(skills.Invalid, err,
				"allowed origin %q is not an origin: give scheme and host, such as https://app.example.com", origin)
		}
		check.trusted[origin] = true
	}
	return check, nil
}

func (c *originCheck) middleware(next http.Handler) http.Handler {
	refuse := apierrors.Handler(c.log, func(_ http.ResponseWriter, r *http.Request) error {
		return skills.Errorf(skills.Forbidden,
			"a web page of another site (%s) may not call this daemon; --allow-origin names exceptions", cmp.Or(r.Header.Get("Origin"), "its origin is not known"))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(c.trusted) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if c.trusted[r.Header.Get("Origin")] {
			allowOrigin(w.Header(), r.Header.Get("Origin"))
			if isPreflight(r) {
				allowPreflight(w)
				return
			}
		}
		if err := c.protection.Check(asItActs(r)); err != nil {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// contentPath is the one GET that has effects: it makes the daemon speak to
// whatever host the query names and keeps what comes back.
const contentPath = "/api/v1beta/skills/content"

// asItActs returns the request as the protection should see it. It lets every
// GET pass, and an image tag of any page is enough to send one.
func asItActs(r *http.Request) *http.Request {
	if strings.TrimSuffix(r.URL.Path, "/") != contentPath || r.Method == http.MethodOptions {
		return r
	}
	acting := *r
	acting.Method = http.MethodPost
	return &acting
}

// isPreflight reports whether a browser asks what it may send (Fetch Standard,
// section "CORS-preflight request").
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

func allowOrigin(header http.Header, origin string) {
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, Warning, X-Request-Id")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

func allowPreflight(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
	header.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, If-None-Match, X-Request-Id")
	header.Set("Access-Control-Max-Age", "600")
	header.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}
