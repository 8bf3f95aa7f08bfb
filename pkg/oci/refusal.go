// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/skilld/skilld/pkg/skills"
)

// ErrStore is in the chain of an error of a pull or push that is the local
// store's fault and not the registry's.
var ErrStore = errors.New("the local store failed")

// ResponseError is a registry, or its token server, that refused or failed.
type ResponseError struct {
	// Host is who answered.
	Host string
	// StatusCode is the HTTP status, 4xx or 5xx. It is 401 also where the
	// registry asks for credentials and there are none for it.
	StatusCode int
	// RetryAfter is how long we were asked to wait; 0 if nothing was said.
	RetryAfter time.Duration
	// Said is what the registry said, in one line; empty if nothing.
	Said string
	// Err is the error of oras-go.
	Err error
}

// Error says who answered what.
func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s answered %d %s", e.Host, e.StatusCode, http.StatusText(e.StatusCode))
	if e.Said != "" {
		text += ": " + e.Said
	}
	var answered *errcode.ErrorResponse
	switch {
	case errors.Is(e.Err, auth.ErrBasicCredentialNotFound):
		text += fmt.Sprintf("; there are no credentials for it (docker login %s)", e.Host)
	case e.StatusCode == http.StatusUnauthorized && !errors.As(e.Err, &answered):
		// No request with credentials was made, since they could not be had.
		text += "; the credentials for it could not be read: " + tidy(root(e.Err).Error())
	}
	return text
}

// Unwrap returns the error of oras-go.
func (e *ResponseError) Unwrap() error { return e.Err }

// root returns the error that a copy of oras-go failed with, without what it
// says about how it copies.
func root(err error) error {
	var copying *oras.CopyError
	if errors.As(err, &copying) {
		return copying.Err
	}
	return err
}

// refusal is an answer of 4xx or 5xx.
type refusal struct {
	host       string
	status     int
	retryAfter time.Duration
	said       string
}

// maxRefusal bounds what is read of a refusal, in bytes.
const maxRefusal = 8 << 10

// readRefusal returns the refusal that a response is, or nil. The response can
// be read from its beginning afterwards.
func readRefusal(resp *http.Response) *refusal {
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	// What cannot be read now is missed by whoever reads the body next.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	resp.Body = replayed{Reader: io.MultiReader(bytes.NewReader(body), resp.Body), Closer: resp.Body}
	var document struct {
		Errors errcode.Errors `json:"errors"`
	}
	refused := &refusal{host: resp.Request.URL.Host, status: resp.StatusCode, retryAfter: retryAfter(resp, time.Now())}
	if json.Unmarshal(body, &document) == nil && len(document.Errors) > 0 {
		refused.said = tidy(said(document.Errors))
	}
	return refused
}

// said is what the errors say, without the details, which are for machines.
func said(refusals errcode.Errors) string {
	for i := range refusals {
		refusals[i].Detail = nil
	}
	return refusals.Error()
}

func (r *refusal) because(err error) *ResponseError {
	return &ResponseError{Host: r.host, StatusCode: r.status, RetryAfter: r.retryAfter, Said: r.said, Err: err}
}

// explain turns an error of the session into one that callers may read.
func (s *session) explain(ctx context.Context, err error) error {
	var kinded *skills.Error
	var limit overdue
	switch refused := s.courier.lastRefusal(); {
	case err == nil:
		return nil
	case errors.As(err, &kinded):
		return kinded
	case errors.As(err, &limit) || errors.As(context.Cause(ctx), &limit):
		return limit
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrStore):
		return err
	case refused != nil && refused.explains(err):
		return refused.because(err)
	}
	return &failure{text: tidy(root(err).Error()), err: err}
}

// explains reports whether err is what became of the refusal.
func (r *refusal) explains(err error) bool {
	var response *errcode.ErrorResponse
	switch {
	case errors.As(err, &response):
		return response.StatusCode == r.status
	case r.status == http.StatusNotFound:
		return errors.Is(err, errdef.ErrNotFound)
	default:
		// After a challenge there is no other answer to come unless there were
		// credentials to try.
		return r.status == http.StatusUnauthorized
	}
}

// failure is an error with a text for callers.
type failure struct {
	text string
	err  error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// query is what may hold the signature of a URL that we were redirected to.
var query = regexp.MustCompile(`\?[^"\s]+`)

// tidy makes a text from outside fit for a message: one line, not too long,
// without the query parts of URLs.
func tidy(text string) string {
	const most = 600
	text = query.ReplaceAllString(text, "?…")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
