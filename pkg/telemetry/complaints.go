// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// complaintPause is how far apart lines about failing exporters are at least.
const complaintPause = time.Minute

// complaints logs what goes wrong inside OpenTelemetry, to the local log alone:
// a record of a failed export must not be exported in its turn. An exporter
// that fails does so every few seconds, so one line now and then stands for
// many.
type complaints struct {
	log *slog.Logger
	now func() time.Time

	mu sync.Mutex
	// last is when a line was logged, and unsaid how many were not since.
	last   time.Time
	unsaid int
}

// Handle implements otel.ErrorHandler.
func (c *complaints) Handle(err error) { c.say(err.Error()) }

func (c *complaints) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if !c.last.IsZero() && now.Sub(c.last) < complaintPause {
		c.unsaid++
		return
	}
	c.log.Warn("telemetry cannot be exported", "error", text, "unsaid", c.unsaid)
	c.last, c.unsaid = now, 0
}

// logger returns a logger of OpenTelemetry's internal errors.
func (c *complaints) logger() logr.Logger { return logr.New(sink{c}) }

// sink passes on the text of errors alone: the values beside them may be
// headers with a token in them.
type sink struct{ complaints *complaints }

// Init does nothing: nobody asks where a line comes from.
func (sink) Init(logr.RuntimeInfo) {}

// Enabled refuses all that is not an error.
func (sink) Enabled(int) bool { return false }

// Info does nothing; see Enabled.
func (sink) Info(int, string, ...any) {}

// Error logs the message.
func (s sink) Error(_ error, message string, _ ...any) { s.complaints.say(message) }

// WithValues drops the values; see sink.
func (s sink) WithValues(...any) logr.LogSink { return s }

// WithName drops the name.
func (s sink) WithName(string) logr.LogSink { return s }
