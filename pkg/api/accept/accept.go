// SPDX-License-Identifier: Apache-2.0

// Package accept reads the Accept header: which media types a client has asked
// for by name.
package accept

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Weight returns how much the client wants the media type, or the range of
// types if mediaType is one ("text/*"), from 0 for not at all to 1 (RFC 9110,
// section 12.5.1). Only what the header names in just this form counts: a
// client that accepts anything has asked for nothing special.
func Weight(header http.Header, mediaType string) float64 {
	var most float64
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept"), ","), ",") {
		named, params, err := mime.ParseMediaType(part)
		if err == nil && named == mediaType {
			most = max(most, quality(params))
		}
	}
	return most
}

// quality is the weight of a media range, from 0 to 1; one that is not a number is 0.
func quality(params map[string]string) float64 {
	q, given := params["q"]
	if !given {
		return 1
	}
	weight, err := strconv.ParseFloat(q, 64)
	if err != nil || !(weight >= 0 && weight <= 1) {
		return 0
	}
	return weight
}
