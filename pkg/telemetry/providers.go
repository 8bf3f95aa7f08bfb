// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// scope is the name under which the log is exported.
const scope = "github.com/skilld/skilld"

// maxAttribute bounds the text of one attribute, in characters: a path or a
// User-Agent of a request may have 64 KiB. OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT
// and its like win.
const maxAttribute = 4096

// describe says who tells: the name "skilld" and the version, unless
// OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say otherwise. The machine and
// its user are not described.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("skilld"), semconv.ServiceVersion(version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("environment variable OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return about, nil
}

// newTracers returns the provider of tracers.
func newTracers(ctx context.Context, about *resource.Resource) (*sdktrace.TracerProvider, error) {
	if !traces.isExported() {
		return sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.NeverSample())), nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, traces.failure(err)
	}
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit == sdktrace.DefaultAttributeValueLengthLimit {
		limits.AttributeValueLengthLimit = maxAttribute
	}
	return sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter), sdktrace.WithRawSpanLimits(limits)), nil
}

// newExportedLog returns a handler that exports records, and how to stop it;
// nil if that was not asked for.
func newExportedLog(ctx context.Context, about *resource.Resource) (slog.Handler, func(context.Context) error, error) {
	if !logs.isExported() {
		return nil, nil, nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, nil, logs.failure(err)
	}
	provider := sdklog.NewLoggerProvider(
		sdklog.WithResource(about),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)),
		sdklog.WithAttributeValueLengthLimit(maxAttribute))
	return otelslog.NewHandler(scope, otelslog.WithLoggerProvider(provider)), provider.Shutdown, nil
}
