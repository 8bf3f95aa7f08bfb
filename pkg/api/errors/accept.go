// SPDX-License-Identifier: Apache-2.0

package apierrors

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// wantsProblem reports whether the Accept header names problem details and
// does not prefer plain text (RFC 9110, section 12.5.1). A wildcard names
// nothing: clients that accept anything get the text they always got.
func wantsProblem(header http.Header) bool {
	var problem, text, textRange float64
	for part := range strings.SplitSeq(strings.Join(header.Values("Accept"), ","), ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		switch quality := quality(params); mediaType {
		case problemType:
			problem = max(problem, quality)
		case "text/plain":
			text = max(text, quality)
		case "text/*":
			textRange = max(textRange, quality)
		}
	}
	return problem > 0 && problem >= max(text, textRange)
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
