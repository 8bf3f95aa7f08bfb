// SPDX-License-Identifier: Apache-2.0

// Package apierrors turns errors into HTTP answers. It is the one place that
// knows which status a kind of error has, and the one place that writes an
// error's body: as text, or as problem details (RFC 9457) for a client that
// asks for them. What a message says is the business of whoever made the error.
package apierrors
