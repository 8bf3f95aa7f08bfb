// SPDX-License-Identifier: Apache-2.0

package skills

// kindNames are the kinds as words for machines. They name series of metrics
// and must stay.
var kindNames = map[Kind]string{
	Internal:        "internal",
	Invalid:         "invalid",
	Unauthenticated: "unauthenticated",
	Forbidden:       "forbidden",
	NotFound:        "not_found",
	Conflict:        "conflict",
	Unprocessable:   "unprocessable",
	RateLimited:     "rate_limited",
	Unsupported:     "unsupported",
	Upstream:        "upstream",
	Unavailable:     "unavailable",
	Timeout:         "timeout",
}

// String returns the kind as a word, such as "not_found".
func (k Kind) String() string { return kindNames[k] }
