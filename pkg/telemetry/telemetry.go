// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"
)

// flushTime bounds how long [Telemetry.Shutdown] takes.
const flushTime = 5 * time.Second

// Config says what is told to whom. Where traces, metrics and logs are exported
// to is up to the OTEL_* variables of the process's environment.
type Config struct {
	// Version is the release that tells.
	Version string
	// LogOutput is where the log is written to, and LogFormat how: "text" or
	// "json".
	LogOutput io.Writer
	LogFormat string
	// LogLevel is the least level to log, and to export: "debug", "info", "warn"
	// or "error".
	LogLevel string
	// Views are how metrics that libraries define are shown.
	Views []sdkmetric.View
}

// Telemetry is the log and the providers, ready for use. Its fields must not be
// changed.
type Telemetry struct {
	// Log writes the log, and exports its records if that was asked for.
	Log *slog.Logger
	// Tracers makes tracers. Without an exporter no span is recorded, but each
	// has its trace id, or that of its parent.
	Tracers trace.TracerProvider
	// Meters makes meters.
	Meters metric.MeterProvider
	// Metrics answers with all metrics in the text format of Prometheus.
	Metrics http.Handler

	local *slog.Logger
	// stops ends the providers, each after it has sent what it still has.
	stops []func(context.Context) error
}

// Start starts the log and the providers. It connects to nobody: exporters do
// that when they have something to send, and what goes wrong then is logged, at
// most once a minute, and disturbs nothing else.
//
// An error names the field of cfg or the OTEL_* variable that it is about. What
// was started before it is stopped.
func Start(ctx context.Context, cfg Config) (*Telemetry, error) {
	least, err := parseLevel(cfg.LogLevel)
	if err != nil {
		return nil, err
	}
	local, err := newLocalLog(cfg.LogOutput, least, cfg.LogFormat)
	if err != nil {
		return nil, err
	}
	local = redacted{local}
	if err := checkEnvironment(); err != nil {
		return nil, err
	}
	t := &Telemetry{local: slog.New(local)}
	listenToErrors(t.local)
	if err := t.start(ctx, cfg, local, least); err != nil {
		t.Shutdown(ctx)
		return nil, err
	}
	return t, nil
}

func (t *Telemetry) start(ctx context.Context, cfg Config, local slog.Handler, least slog.Level) error {
	about, err := describe(ctx, cfg.Version)
	if err != nil {
		return err
	}
	tracers, err := newTracers(ctx, about)
	if err != nil {
		return err
	}
	t.Tracers = tracers
	t.stops = append(t.stops, tracers.Shutdown)

	meters, handler, err := newMeters(ctx, about, cfg, t.local)
	if err != nil {
		return err
	}
	t.Meters, t.Metrics = meters, handler
	t.stops = append(t.stops, meters.Shutdown)

	t.Log = t.local
	exported, stop, err := newExportedLog(ctx, about)
	if err != nil || exported == nil {
		return err
	}
	t.Log = slog.New(slog.NewMultiHandler(local, redacted{atLeast{exported, least}}))
	t.stops = append(t.stops, stop)
	return nil
}

// Shutdown sends what is still to be sent, for at most 5 seconds whether or not
// ctx ends, and stops exporting. What could not be sent is lost, and the log
// says so. The log itself and the metrics can be used afterwards.
func (t *Telemetry) Shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	failures := make([]error, len(t.stops))
	var stopping sync.WaitGroup
	for i, stop := range t.stops {
		stopping.Go(func() { failures[i] = stop(ctx) })
	}
	done := make(chan struct{})
	go func() {
		stopping.Wait()
		close(done)
	}()
	select {
	case <-done:
		if err := errors.Join(failures...); err != nil {
			t.local.Warn("not all telemetry could be delivered", "error", err)
		}
	case <-ctx.Done():
		t.local.Warn("not all telemetry could be delivered in time", "limit", flushTime)
	}
}

// listenToErrors makes the log the place for what OpenTelemetry has to say of
// itself. There is one such place in a process; the last call wins.
func listenToErrors(log *slog.Logger) {
	c := &complaints{log: log, now: time.Now}
	otel.SetErrorHandler(c)
	otel.SetLogger(c.logger())
}
