// SPDX-License-Identifier: Apache-2.0

// Package telemetry sets up how skilld tells what it does: the log, and the
// OpenTelemetry providers of traces, metrics and logs with their exporters.
// What is told is up to the other packages; they get a ready logger and ready
// providers, and nothing here is global but the handler of OpenTelemetry's own
// errors, of which there can be only one.
//
// Nothing leaves the process unless the standard OTEL_* variables ask for it;
// see docs/telemetry.md.
package telemetry
