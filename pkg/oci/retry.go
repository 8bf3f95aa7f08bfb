// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// maxAttempts is how often one request is sent at most.
	maxAttempts = 4
	// firstWait comes after the first attempt; each further wait is twice as long.
	firstWait = 250 * time.Millisecond
	// maxRetryAfter is the longest Retry-After that we sit out.
	maxRetryAfter = 2 * time.Second
	// maxTrouble is how long a session bears failures, so that a registry that
	// keeps failing has its answer reported within 5 seconds.
	maxTrouble = 4 * time.Second
)

// patience is what a session has left for failures.
type patience struct {
	mu    sync.Mutex
	spent time.Duration
}

// spend says whether, and after how long a wait, a request is worth another
// attempt, after one that took so long and ended so. An attempt is expected to
// take as long as the one before it.
func (p *patience) spend(attempt int, took time.Duration, resp *http.Response, err error) (time.Duration, bool) {
	if !isTransient(resp, err) {
		return 0, false
	}
	wait := firstWait << attempt
	if asked := retryAfter(resp, time.Now()); asked > 0 {
		wait = asked
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += took
	if attempt+1 >= maxAttempts || wait > maxRetryAfter || p.spent+wait+took > maxTrouble {
		return 0, false
	}
	p.spent += wait
	return wait, true
}

// isTransient reports whether the same request may do better the next time.
func isTransient(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	}
	return resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError
}

// retryAfter returns how long the server asks us to wait (RFC 9110, section
// 10.2.3: seconds, or a date); 0 if it does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp == nil {
		return 0
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// reopener is a request's body that can be read from its beginning again.
type reopener interface {
	reopen() (io.ReadCloser, error)
}

// rewind returns the request with a fresh body, or false where there is no
// getting at one.
func rewind(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	open := req.GetBody
	if body, ok := req.Body.(reopener); ok && open == nil {
		open = body.reopen
	}
	if open == nil {
		return nil, false
	}
	body, err := open()
	if err != nil {
		return nil, false
	}
	next := req.Clone(req.Context())
	next.Body = body
	return next, true
}

// sleep waits, or returns why ctx ended first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
