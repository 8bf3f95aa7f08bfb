// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// newMeters returns the provider of meters and the handler that shows them all
// to Prometheus, with those of the Go runtime and of the process.
func newMeters(ctx context.Context, about *resource.Resource, cfg Config, log *slog.Logger) (*sdkmetric.MeterProvider, http.Handler, error) {
	registry := runtimeMetrics()
	shown, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("collecting metrics for Prometheus: %w", err)
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(about), sdkmetric.WithReader(shown), sdkmetric.WithView(cfg.Views...)}
	if metrics.isExported() {
		exportRuntime()
		reader, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, nil, metrics.failure(err)
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	meters := sdkmetric.NewMeterProvider(options...)
	if err := tellBuild(meters, cfg.Version); err != nil {
		return nil, nil, err
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError,
	})
	return meters, handler, nil
}

// runtimeMetrics returns a registry with the metrics of the Go runtime and of
// the process.
func runtimeMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// exportRuntime has the metrics of the runtime exported with the others, unless
// OTEL_METRICS_PRODUCERS says otherwise. It is for the process to set.
var exportRuntime = sync.OnceFunc(func() {
	autoexport.WithFallbackMetricProducer(func(context.Context) (sdkmetric.Producer, error) {
		return bridge.NewMetricProducer(bridge.WithGatherer(runtimeMetrics())), nil
	})
})

// tellBuild adds a metric that is always 1 and says which release runs.
func tellBuild(meters metric.MeterProvider, version string) error {
	labels := metric.WithAttributes(attribute.String("version", version), attribute.String("go_version", runtime.Version()))
	_, err := meters.Meter(scope).Int64ObservableGauge("skilld.build_info",
		metric.WithDescription("The release that runs; always 1."),
		metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
			observer.Observe(1, labels)
			return nil
		}))
	return err
}
