// SPDX-License-Identifier: Apache-2.0

package apierrors

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/skilld/skilld/pkg/skills"
)

// statusClientGone is what the access log shows for a request whose client
// went away before the answer. Nobody receives it; the number is nginx's.
const statusClientGone = 499

// statuses has every kind but Internal, which is also what an unknown kind is.
var statuses = map[skills.Kind]int{
	skills.Invalid:         http.StatusBadRequest,
	skills.Unauthenticated: http.StatusUnauthorized,
	skills.Forbidden:       http.StatusForbidden,
	skills.NotFound:        http.StatusNotFound,
	skills.Conflict:        http.StatusConflict,
	skills.Unprocessable:   http.StatusUnprocessableEntity,
	skills.RateLimited:     http.StatusTooManyRequests,
	skills.Unsupported:     http.StatusNotImplemented,
	skills.Upstream:        http.StatusBadGateway,
	skills.Unavailable:     http.StatusServiceUnavailable,
	skills.Timeout:         http.StatusGatewayTimeout,
}

// requestError is a refusal that only HTTP knows, so that it has a status
// instead of a kind.
type requestError struct {
	status  int
	message string
}

func (e *requestError) Error() string { return e.message }

// TooLarge returns an error that is answered with 413.
func TooLarge(format string, args ...any) error {
	return &requestError{http.StatusRequestEntityTooLarge, fmt.Sprintf(format, args...)}
}

// UnsupportedMediaType returns an error that is answered with 415.
func UnsupportedMediaType(format string, args ...any) error {
	return &requestError{http.StatusUnsupportedMediaType, fmt.Sprintf(format, args...)}
}

// MethodNotAllowed returns an error that is answered with 405. The caller sets
// the Allow header that RFC 9110, section 15.5.6 asks for.
func MethodNotAllowed(format string, args ...any) error {
	return &requestError{http.StatusMethodNotAllowed, fmt.Sprintf(format, args...)}
}

// codedError is an error whose answer has a code beside the message.
type codedError struct {
	code string
	error
}

func (e *codedError) Unwrap() error { return e.error }

// Coded returns err with a code for the clients of registry APIs: its answer is
// a [CodedMessage] in place of plain text. The status is that of err.
func Coded(code string, err error) error { return &codedError{code, err} }

// codeOf returns the code of err, or "".
func codeOf(err error) string {
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return ""
}

// Status returns the HTTP status that err is answered with.
func Status(err error) int {
	var refusal *requestError
	if errors.As(err, &refusal) {
		return refusal.status
	}
	if status, ok := statuses[skills.KindOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// message returns what the caller may read of err. An error of ours says
// nothing, and neither does a bare deadline: its text is Go's, not a sentence.
func message(err error, status int) string {
	var refusal *requestError
	var known *skills.Error
	switch {
	case status == http.StatusInternalServerError:
		return http.StatusText(status)
	case errors.As(err, &refusal):
		return refusal.message
	case errors.As(err, &known):
		return known.Message
	default:
		return "the time limit of this request ran out before it was done"
	}
}
