// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// Verifier tells whether a bearer token is good; see package auth.
type Verifier interface {
	// Verify returns nil for a good token, an Unauthenticated error for a bad
	// one, and an Unavailable one where that cannot be told at the moment.
	Verify(ctx context.Context, token string) error
}

// healthPath is the one route that needs no token: whoever watches over the
// process need not be able to use it.
const healthPath = "/health"

// authenticate refuses requests without a token that one of the verifiers
// accepts (RFC 6750, section 2.1). Without verifiers everybody may call.
func authenticate(verifiers []Verifier, log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if len(verifiers) == 0 {
			return next
		}
		check := apierrors.Handler(log, func(w http.ResponseWriter, r *http.Request) error {
			if err := checkToken(w, r, verifiers); err != nil {
				return err
			}
			next.ServeHTTP(w, r)
			return nil
		})
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.EscapedPath() == healthPath {
				next.ServeHTTP(w, r)
				return
			}
			check(w, r)
		})
	}
}

// checkToken returns an error unless the request has a good token. It sets the
// challenge that goes with a refusal (RFC 6750, section 3).
func checkToken(w http.ResponseWriter, r *http.Request, verifiers []Verifier) error {
	const challenge = `Bearer realm="skilld"`
	token, ok := bearerToken(r.Header)
	if !ok {
		w.Header().Set("WWW-Authenticate", challenge)
		return skills.Errorf(skills.Unauthenticated, "this daemon needs a bearer token: send the header Authorization: Bearer TOKEN")
	}
	var failure error
	for _, verifier := range verifiers {
		err := verifier.Verify(r.Context(), token)
		if err == nil {
			return nil
		}
		// That a verifier could not tell goes before what the others found.
		if !skills.IsKind(failure, skills.Unavailable) {
			failure = err
		}
	}
	if skills.IsKind(failure, skills.Unauthenticated) {
		w.Header().Set("WWW-Authenticate", challenge+`, error="invalid_token"`)
	}
	return failure
}

// bearerToken returns the token of the one Authorization header. The scheme's
// case does not matter (RFC 9110, section 11.1).
func bearerToken(header http.Header) (string, bool) {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}
