// SPDX-License-Identifier: Apache-2.0

// Package redact leaves secrets out of what is told to operators. It knows the
// forms in which they turn up in texts that others have made: the user part and
// the query of a URL (a registry may redirect to a URL whose query is its
// signature), and what follows the scheme in an Authorization header. Whoever
// holds a secret must keep it to himself all the same; this is the second line.
package redact

import (
	"regexp"
	"strings"
)

var (
	// user and query are what stands before the host of a URL, and after its path.
	user  = regexp.MustCompile(`(://)[^/?#\s"'\\]*@`)
	query = regexp.MustCompile(`(://[^?\s"'\\]*\?)[^\s"'\\]+`)
	// credentials are those of a header (RFC 9110, section 11.4). The schemes are
	// written as clients write them, because "a bearer token" is no secret.
	credentials = regexp.MustCompile(`\b(Bearer|Basic|BEARER|BASIC) +[A-Za-z0-9._~+/-]+=*`)
)

// Text returns the text with "…" in place of what may be a secret.
func Text(text string) string {
	if strings.Contains(text, "://") {
		text = user.ReplaceAllString(text, "$1…@")
		text = query.ReplaceAllString(text, "$1…")
	}
	if strings.Contains(text, "B") {
		text = credentials.ReplaceAllString(text, "$1 …")
	}
	return text
}
