// SPDX-License-Identifier: Apache-2.0

// Package auth tells whether a caller's bearer token (RFC 6750) is good: the
// one token of a file, or a JSON Web Token that an OpenID Connect provider
// signed. Which requests need a token, and what a refusal looks like, is left
// to package api; every good token may do everything.
package auth
