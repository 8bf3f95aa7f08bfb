// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

// courier carries the requests of one session, on the far side of authentication
// and redirects. It tries again what may work the next time, gives up on
// connections that have gone silent, bounds manifests, and keeps the last
// refusal, for the error that it will end in.
type courier struct {
	base     http.RoundTripper
	silence  time.Duration
	patience patience

	mu      sync.Mutex
	refused *refusal
}

// RoundTrip implements [http.RoundTripper].
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		began := time.Now()
		resp, err := c.send(req)
		wait, worthwhile := c.patience.spend(attempt, time.Since(began), resp, err)
		if !worthwhile {
			return resp, err
		}
		next, rewound := rewind(req)
		if !rewound {
			return resp, err
		}
		if resp != nil {
			_ = resp.Body.Close() // of an answer that nobody reads
		}
		if err := sleep(req.Context(), wait); err != nil {
			return nil, err
		}
		req = next
	}
}

// send sends a request once.
func (c *courier) send(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	asking := newWatch(c.silence, cancel)
	watched := req.WithContext(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		watched.Body = &sentBody{ReadCloser: req.Body, watch: asking}
	}
	resp, err := c.base.RoundTrip(watched)
	asking.stop()
	if err != nil {
		c.note(nil)
		defer cancel(nil)
		return nil, overdueOr(ctx, err)
	}
	resp.Body = &receivedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, silence: c.silence}
	if err := boundManifest(req, resp); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	c.note(readRefusal(resp))
	return resp, nil
}

// note keeps the refusal, or forgets the last one where there is none.
func (c *courier) note(refused *refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = refused
}

// lastRefusal returns what the registry refused last; nil if it has answered
// something else since.
func (c *courier) lastRefusal() *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// boundManifest refuses a manifest of over MaxManifestSize bytes, by its header
// or as it arrives. One whose length was not told has a length afterwards.
func boundManifest(req *http.Request, resp *http.Response) error {
	if req.Method != http.MethodGet || resp.StatusCode != http.StatusOK || !strings.Contains(req.URL.Path, "/manifests/") {
		return nil
	}
	if resp.ContentLength < 0 {
		manifest, err := io.ReadAll(io.LimitReader(resp.Body, MaxManifestSize+1))
		if err != nil {
			return err
		}
		resp.ContentLength = int64(len(manifest))
		resp.Body = replayed{Reader: bytes.NewReader(manifest), Closer: resp.Body}
	}
	if resp.ContentLength > MaxManifestSize {
		return skills.Errorf(skills.Unprocessable, "the registry sent a manifest of over %d bytes (1 MiB), the most that is allowed", MaxManifestSize)
	}
	return nil
}

// replayed is a body some of which was read before.
type replayed struct {
	io.Reader
	io.Closer
}

// overdue is the error for a limit of time that was passed.
type overdue string

// Error says which limit it was.
func (o overdue) Error() string { return string(o) }

// Is makes it a [context.DeadlineExceeded].
func (overdue) Is(target error) bool { return target == context.DeadlineExceeded }

// overdueOr returns why ctx was cancelled if that was a limit of ours, else err.
func overdueOr(ctx context.Context, err error) error {
	var limit overdue
	if errors.As(context.Cause(ctx), &limit) {
		return limit
	}
	return err
}

// watch cancels a request once it has been silent for too long.
type watch struct {
	silence time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func newWatch(silence time.Duration, cancel context.CancelCauseFunc) *watch {
	return &watch{silence: silence, timer: time.AfterFunc(silence, func() {
		cancel(overdue(fmt.Sprintf("the registry sent nothing for %v", silence)))
	})}
}

// touch starts the time anew, unless the watch was stopped.
func (w *watch) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.timer.Reset(w.silence)
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// sentBody is a request's body; as long as it is taken there is no silence.
type sentBody struct {
	io.ReadCloser
	watch *watch
}

// Read reads from the body.
func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.watch.touch()
	return n, err
}

// receivedBody is a response's body; waiting for it is timed, but not what the
// reader does in between.
type receivedBody struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silence time.Duration
}

// Read reads from the body. It returns an error that is
// [context.DeadlineExceeded] when nothing arrives for too long.
func (b *receivedBody) Read(p []byte) (int, error) {
	w := newWatch(b.silence, b.cancel)
	n, err := b.ReadCloser.Read(p)
	w.stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = overdueOr(b.ctx, err)
	}
	return n, err
}

// Close closes the body and ends the request.
func (b *receivedBody) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}
