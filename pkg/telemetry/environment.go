// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// signal is one of the three things that can be exported, as the names of its
// variables spell it.
type signal string

const (
	traces  signal = "TRACES"
	metrics signal = "METRICS"
	logs    signal = "LOGS"
)

// signals are all there are.
var signals = []signal{traces, metrics, logs}

// exporters are what OTEL_{TRACES,METRICS,LOGS}_EXPORTER may say.
var exporters = []string{"otlp", "console", "none"}

// exporterVariable names the variable that says which exporter to use.
func (s signal) exporterVariable() string { return "OTEL_" + string(s) + "_EXPORTER" }

// exporter returns one of the exporters: what the signal's variable says; where
// it says nothing, "otlp" if there is an endpoint to send to, else "none".
// OpenTelemetry itself would send to localhost without being asked.
func (s signal) exporter() string {
	if isDisabled() {
		return "none"
	}
	if named := variable(s.exporterVariable()); named != "" {
		return named
	}
	if s.otlp("ENDPOINT") != "" {
		return "otlp"
	}
	return "none"
}

// isDisabled reports whether nothing is exported whatever else is said.
func isDisabled() bool { return strings.EqualFold(variable("OTEL_SDK_DISABLED"), "true") }

func (s signal) isExported() bool { return s.exporter() != "none" }

// otlpVariables names the two variables for a setting of the OTLP exporter, the
// signal's own first, which wins.
func (s signal) otlpVariables(setting string) []string {
	return []string{"OTEL_EXPORTER_OTLP_" + string(s) + "_" + setting, "OTEL_EXPORTER_OTLP_" + setting}
}

func (s signal) otlp(setting string) string {
	for _, name := range s.otlpVariables(setting) {
		if value := variable(name); value != "" {
			return value
		}
	}
	return ""
}

// failure says which variable led to an exporter that cannot be made.
func (s signal) failure(err error) error {
	return fmt.Errorf("environment variable %s (%s): %w", s.exporterVariable(), s.exporter(), err)
}

func variable(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// settings are those of the OTLP exporter, and what is wrong with a value of
// theirs. OpenTelemetry would pass over most mistakes and send nothing, or send
// it elsewhere.
var settings = map[string]func(value string) error{
	"PROTOCOL":           oneOf("http/protobuf", "grpc"),
	"COMPRESSION":        oneOf("gzip", "none"),
	"ENDPOINT":           checkEndpoint,
	"TIMEOUT":            checkCount,
	"HEADERS":            checkHeaders,
	"CERTIFICATE":        checkFile,
	"CLIENT_CERTIFICATE": checkFile,
	"CLIENT_KEY":         checkFile,
}

// counts are the other variables with a whole number above 0, by the signal
// that they are for.
var counts = map[signal][]string{
	metrics: {"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT"},
	traces:  {"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"},
	logs:    {"OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"},
}

// checkEnvironment returns an error for each variable that would be used and
// has a value that cannot be.
func checkEnvironment() error {
	failures := []error{check("OTEL_SDK_DISABLED", inAnyCase(oneOf("true", "false")))}
	for _, s := range signals {
		if isDisabled() {
			break
		}
		failures = append(failures, check(s.exporterVariable(), oneOf(exporters...)))
		if s.isExported() {
			for _, name := range counts[s] {
				failures = append(failures, check(name, checkCount))
			}
		}
		if s.exporter() != "otlp" {
			continue
		}
		for setting, wrong := range settings {
			for _, name := range s.otlpVariables(setting) {
				failures = append(failures, check(name, wrong))
			}
		}
	}
	if traces.isExported() {
		failures = append(failures, check("OTEL_TRACES_SAMPLER", inAnyCase(oneOf(samplers...))), check("OTEL_TRACES_SAMPLER_ARG", checkRatio))
	}
	return joinOnce(failures)
}

// joinOnce joins errors, sorted and each once: a variable may serve all signals.
func joinOnce(failures []error) error {
	failures = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	slices.SortFunc(failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(slices.CompactFunc(failures, func(a, b error) bool { return a.Error() == b.Error() })...)
}

// check returns what is wrong with a variable; nothing if it is not set.
func check(name string, wrong func(string) error) error {
	value := variable(name)
	if value == "" {
		return nil
	}
	if err := wrong(value); err != nil {
		return fmt.Errorf("environment variable %s: %w", name, err)
	}
	return nil
}

// samplers are what OTEL_TRACES_SAMPLER may say.
var samplers = []string{
	"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
}

func oneOf(known ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(known, value) {
			return nil
		}
		return fmt.Errorf("%q is not known here; it is one of %s", value, strings.Join(known, ", "))
	}
}

// inAnyCase is for what OpenTelemetry takes in small letters and capitals.
func inAnyCase(wrong func(string) error) func(string) error {
	return func(value string) error { return wrong(strings.ToLower(value)) }
}

func checkCount(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n <= 0 {
		return fmt.Errorf("%q is not a whole number above 0", value)
	}
	return nil
}

func checkRatio(value string) error {
	if ratio, err := strconv.ParseFloat(value, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
		return fmt.Errorf("%q is not a number from 0 to 1", value)
	}
	return nil
}

// checkEndpoint does not repeat the value: it may hold a password.
func checkEndpoint(value string) error {
	endpoint, err := url.Parse(value)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return errors.New("the value is not a URL with http:// or https:// and a host, such as http://localhost:4318")
	}
	return nil
}

// checkHeaders does not repeat the value: it may hold a token.
func checkHeaders(value string) error {
	for header := range strings.SplitSeq(value, ",") {
		name, text, found := strings.Cut(header, "=")
		if _, err := url.PathUnescape(text); !found || strings.TrimSpace(name) == "" || err != nil {
			return errors.New("the value is not a list of headers such as api-key=abc,tenant=7, with percent-encoded values")
		}
	}
	return nil
}

func checkFile(value string) error {
	_, err := os.ReadFile(value)
	return err
}
