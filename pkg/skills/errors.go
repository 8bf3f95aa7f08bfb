// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is, so that a caller can act on it
// without knowing where it came from. The zero value is Internal: an error
// that nobody classified is a fault of ours.
type Kind int

// The kinds of error. Only pkg/api/errors knows which HTTP status each one has.
const (
	// Internal is a fault of skilld or its machine; its text is not for callers.
	Internal Kind = iota
	// Invalid is input that is malformed or not allowed.
	Invalid
	// Unauthenticated is a registry or git server that refused our credentials.
	Unauthenticated
	// Forbidden is a caller who may not do this.
	Forbidden
	// NotFound is a skill, tag, artifact or group that does not exist.
	NotFound
	// Conflict is a request that the present state does not allow.
	Conflict
	// Unprocessable is well-formed input that is not an acceptable skill.
	Unprocessable
	// RateLimited is an upstream that asks us to slow down.
	RateLimited
	// Unsupported is a request for something skilld does not do (yet).
	Unsupported
	// Upstream is a registry, git server or catalogue that failed.
	Upstream
	// Unavailable is a service that cannot answer at the moment.
	Unavailable
	// Timeout is a time limit that ran out, ours or an upstream's.
	Timeout
)

// Error is an error with a kind. Its message is a sentence for the caller: it
// names the input, says what is wrong and, where that helps, what would be right.
type Error struct {
	// Kind is what sort of failure this is.
	Kind Kind
	// Message is what the caller may read.
	Message string
	// RetryAfter is how long an upstream asked us to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Err is the cause, for the log; nil if there is none beneath this error.
	Err error
}

// Error returns the message for the caller.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an error of the kind, with a message formatted as by
// [fmt.Errorf]. A cause given with %w stays reachable, its text is part of the
// message, and how long it asks to wait still counts; use [Wrap] for a cause
// that callers must not read.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	e := &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
	var cause *Error
	if errors.As(e.Err, &cause) {
		e.RetryAfter = cause.RetryAfter
	}
	return e
}

// Wrap returns an error of the kind whose message is the formatted text alone;
// the cause is kept for the log.
func Wrap(kind Kind, cause error, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: cause}
}

// KindOf returns the kind of the outermost [Error] in err's chain. Without one,
// a deadline that passed is a Timeout and everything else is Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	default:
		return Internal
	}
}

// IsKind reports whether err is of the kind.
func IsKind(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
