// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"context"
	"io"
	"sync/atomic"
)

// Activity is work on a skill that may take long enough to be followed.
type Activity string

// The activities that report progress.
const (
	// ActivityPull brings an artifact from a registry.
	ActivityPull Activity = "pull"
	// ActivityClone brings a commit from a git server; its size is not known before.
	ActivityClone Activity = "clone"
	// ActivityExtract unpacks a skill, to read it or into the clients' folders.
	ActivityExtract Activity = "extract"
	// ActivityPush sends an artifact to a registry.
	ActivityPush Activity = "push"
)

// Progress is how far an activity has come.
type Progress struct {
	Activity Activity
	// Done is how many bytes have been dealt with, Total how many there are in
	// all; 0 where that is not known.
	Done, Total int64
}

type progressKey struct{}

// WithProgress returns a context whose work is reported to report: at the start
// of each activity, as its bytes come and go, and at its end. Reports are
// frequent and come from any goroutine, the last perhaps when the work is over
// already; report must be quick and safe for concurrent use.
func WithProgress(ctx context.Context, report func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// ProgressOf returns what the context's work is reported to; nil for nothing.
func ProgressOf(ctx context.Context) func(Progress) {
	report, _ := ctx.Value(progressKey{}).(func(Progress))
	return report
}

// Meter reports the progress of one activity. A nil Meter reports nothing. It
// is safe for concurrent use.
type Meter struct {
	report   func(Progress)
	activity Activity
	total    int64
	done     atomic.Int64
}

// NewMeter reports that the activity has begun, of total bytes (0 if that is
// not known), to what ctx says. It returns nil where ctx says nothing.
func NewMeter(ctx context.Context, activity Activity, total int64) *Meter {
	report := ProgressOf(ctx)
	if report == nil {
		return nil
	}
	m := &Meter{report: report, activity: activity, total: total}
	m.Add(0)
	return m
}

// Add counts n bytes more, or fewer where n is negative because bytes have to
// be dealt with again.
func (m *Meter) Add(n int64) {
	if m == nil {
		return
	}
	m.report(Progress{Activity: m.activity, Done: m.done.Add(n), Total: m.total})
}

// Reader returns r with its bytes counted as they are read.
func (m *Meter) Reader(r io.Reader) io.Reader {
	if m == nil {
		return r
	}
	return &meteredReader{r: r, meter: m}
}

type meteredReader struct {
	r     io.Reader
	meter *Meter
}

// Read reads from the reader.
func (m *meteredReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 {
		m.meter.Add(int64(n))
	}
	return n, err
}
