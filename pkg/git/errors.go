// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"github.com/skilld/skilld/pkg/netguard"
	"github.com/skilld/skilld/pkg/skills"
)

// maxQuote is how many characters of an input or a server's words a message repeats.
const maxQuote = 200

var (
	// errTooBig says that more bytes came in than are allowed.
	errTooBig = errors.New("over the bound of bytes")
	// errNoCommit says that the repository does not have, or not show, a commit.
	errNoCommit = errors.New("no such commit")
)

// statusError is an HTTP answer that is no success.
type statusError struct {
	code       int
	retryAfter time.Duration
	text       string
}

func (e *statusError) Error() string {
	status := strings.TrimSpace(strconv.Itoa(e.code) + " " + http.StatusText(e.code))
	if e.text == "" {
		return status
	}
	return status + ": " + e.text
}

// explain turns the failure of a request into an error for the caller. What
// the transport noted counts for more than err, because go-git keeps some
// causes only as text.
func (s *session) explain(err error) error {
	if s.failure != nil {
		err = s.failure
	}
	var (
		kinded *skills.Error
		local  *localError
	)
	switch {
	case errors.As(err, &kinded):
		return err
	case errors.As(err, &local):
		return local.err
	}
	if ctxErr := s.ctx.Err(); ctxErr != nil {
		return s.outOfTime(ctxErr)
	}
	var (
		status  *statusError
		blocked *netguard.BlockedError
		line    *pktline.ErrorLine
		timeout net.Error
	)
	switch {
	case errors.As(err, &status):
		return s.explainStatus(status)
	case errors.As(err, &blocked):
		return skills.Wrap(skills.Invalid, err, "%s cannot be fetched: %s", s.ref, blocked)
	case errors.Is(err, errTooBig):
		return skills.Errorf(skills.Unprocessable, "%s cannot be fetched: the server sent over %s, which is the most that is allowed",
			s.ref, mebibytes(s.fetcher.limits.Bytes))
	case errors.As(err, &timeout) && timeout.Timeout():
		return s.outOfTime(err)
	case errors.Is(err, errNoCommit):
		return s.explainNoCommit(err)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return skills.Wrap(skills.Upstream, err, "%s cannot be fetched: the repository is empty", s.ref)
	case errors.As(err, &line):
		return skills.Wrap(skills.Upstream, err, "%s cannot be fetched: the git server said: %s", s.ref, s.said(line.Text))
	case s.answered:
		return skills.Wrap(skills.Upstream, err, "%s cannot be fetched: %s did not answer as a git server does: %s", s.ref, s.ref.Host, s.said(cause(err)))
	default:
		return skills.Wrap(skills.Upstream, err, "%s cannot be fetched: %s cannot be reached: %s", s.ref, s.ref.Host, s.said(cause(err)))
	}
}

func (s *session) explainStatus(status *statusError) error {
	switch status.code {
	case http.StatusUnauthorized, http.StatusForbidden:
		if s.token == "" {
			return skills.Wrap(skills.Unauthenticated, status,
				"%s cannot be fetched: %s asks for credentials (%s); the repository is not public or not there, and %s is not set",
				s.ref, s.ref.Host, s.said(status.Error()), tokenVariable(s.ref.hostname()))
		}
		return skills.Wrap(skills.Unauthenticated, status, "%s cannot be fetched: %s refused the credentials of %s (%s)",
			s.ref, s.ref.Host, tokenVariable(s.ref.hostname()), s.said(status.Error()))
	case http.StatusNotFound, http.StatusGone:
		return skills.Wrap(skills.Upstream, status, "%s cannot be fetched: %s has no such repository (%s)", s.ref, s.ref.Host, s.said(status.Error()))
	case http.StatusTooManyRequests:
		return &skills.Error{
			Kind:       skills.RateLimited,
			Message:    fmt.Sprintf("%s cannot be fetched: %s asks us to slow down (%s)", s.ref, s.ref.Host, s.said(status.Error())),
			RetryAfter: status.retryAfter,
			Err:        status,
		}
	default:
		return skills.Wrap(skills.Upstream, status, "%s cannot be fetched: %s answered %s", s.ref, s.ref.Host, s.said(status.Error()))
	}
}

func (s *session) explainNoCommit(err error) error {
	said := ""
	if line := new(pktline.ErrorLine); errors.As(err, &line) {
		said = " (" + s.said(line.Text) + ")"
	}
	return skills.Wrap(skills.Upstream, err, "%s cannot be fetched: the repository does not have the commit, or does not give it out%s", s.ref, said)
}

func (s *session) outOfTime(err error) error {
	if errors.Is(err, context.Canceled) {
		return skills.Wrap(skills.Timeout, err, "fetching %s was cancelled", s.ref)
	}
	return skills.Wrap(skills.Timeout, err, "fetching %s took longer than is allowed; %s is slow or the repository is large", s.ref, s.ref.Host)
}

// said makes a server's words fit for a message: one line, short, and without
// the token, which a server may echo.
func (s *session) said(text string) string {
	if s.token != "" {
		text = strings.ReplaceAll(text, s.token, "[token]")
	}
	return shorten(strings.Join(strings.Fields(strings.Map(printable, text)), " "))
}

// cause leaves out the address that net/http puts before an error's text.
func cause(err error) string {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		return urlErr.Err.Error()
	}
	return err.Error()
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3): seconds
// or a date. It returns 0 for anything else.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func invalid(format string, args ...any) error {
	return skills.Errorf(skills.Invalid, format, args...)
}

func quote(s string) string { return strconv.Quote(shorten(s)) }

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxQuote {
		return s
	}
	return string([]rune(s)[:maxQuote]) + "…"
}

func printable(r rune) rune {
	if unicode.IsSpace(r) || unicode.IsGraphic(r) {
		return r
	}
	return -1
}

func mebibytes(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return strconv.FormatInt(n>>20, 10) + " MiB"
}
