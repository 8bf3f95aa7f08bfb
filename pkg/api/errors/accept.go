// SPDX-License-Identifier: Apache-2.0

package apierrors

import (
	"net/http"

	"github.com/skilld/skilld/pkg/api/accept"
)

// wantsProblem reports whether the Accept header names problem details and
// does not prefer plain text. Clients that accept anything get the text that
// they always got.
func wantsProblem(header http.Header) bool {
	problem := accept.Weight(header, ProblemType)
	text := max(accept.Weight(header, "text/plain"), accept.Weight(header, "text/*"))
	return problem > 0 && problem >= text
}
