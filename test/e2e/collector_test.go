// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector receives what a daemon exports, over HTTP and over gRPC.
type collector struct {
	t *testing.T
	// overHTTP and overGRPC are where it listens.
	overHTTP, overGRPC string

	mu        sync.Mutex
	spans     []*tracepb.Span
	metrics   map[string]*metricspb.Metric
	logs      []*logspb.LogRecord
	resources []*resourcepb.Resource
	// text is everything, as JSON, a message a line.
	text string
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{t: t, metrics: make(map[string]*metricspb.Metric)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.overHTTP = server.URL
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	over := grpc.NewServer()
	t.Cleanup(over.Stop)
	collectortrace.RegisterTraceServiceServer(over, traceService{c: c})
	collectormetrics.RegisterMetricsServiceServer(over, metricsService{c: c})
	collectorlogs.RegisterLogsServiceServer(over, logsService{c: c})
	go func() { _ = over.Serve(listener) }()
	c.overGRPC = "http://" + listener.Addr().String()
	return c
}

// ServeHTTP implements OTLP/HTTP (OTLP specification, section "OTLP/HTTP").
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if !assert.NoError(c.t, err) || !assert.Equal(c.t, "application/x-protobuf", r.Header.Get("Content-Type")) {
		return
	}
	var message proto.Message
	switch r.URL.Path {
	case "/v1/traces":
		message = &collectortrace.ExportTraceServiceRequest{}
	case "/v1/metrics":
		message = &collectormetrics.ExportMetricsServiceRequest{}
	case "/v1/logs":
		message = &collectorlogs.ExportLogsServiceRequest{}
	default:
		assert.Fail(c.t, "the collector has no such path", r.URL.Path)
		return
	}
	if assert.NoError(c.t, proto.Unmarshal(body, message)) {
		c.receive(message)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// receive keeps a message of any signal.
func (c *collector) receive(message proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text += protojson.MarshalOptions{}.Format(message) + "\n"
	switch m := message.(type) {
	case *collectortrace.ExportTraceServiceRequest:
		for _, from := range m.ResourceSpans {
			c.resources = append(c.resources, from.Resource)
			for _, scope := range from.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	case *collectormetrics.ExportMetricsServiceRequest:
		for _, from := range m.ResourceMetrics {
			c.resources = append(c.resources, from.Resource)
			for _, scope := range from.ScopeMetrics {
				for _, metric := range scope.Metrics {
					c.metrics[metric.Name] = metric
				}
			}
		}
	case *collectorlogs.ExportLogsServiceRequest:
		for _, from := range m.ResourceLogs {
			c.resources = append(c.resources, from.Resource)
			for _, scope := range from.ScopeLogs {
				c.logs = append(c.logs, scope.LogRecords...)
			}
		}
	}
}

// String returns everything that was received.
func (c *collector) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

type traceService struct {
	collectortrace.UnimplementedTraceServiceServer
	c *collector
}

func (s traceService) Export(_ context.Context, m *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.c.receive(m)
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

type metricsService struct {
	collectormetrics.UnimplementedMetricsServiceServer
	c *collector
}

func (s metricsService) Export(_ context.Context, m *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	s.c.receive(m)
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

type logsService struct {
	collectorlogs.UnimplementedLogsServiceServer
	c *collector
}

func (s logsService) Export(_ context.Context, m *collectorlogs.ExportLogsServiceRequest) (*collectorlogs.ExportLogsServiceResponse, error) {
	s.c.receive(m)
	return &collectorlogs.ExportLogsServiceResponse{}, nil
}

// texts returns attributes whose values are texts or numbers, by name.
func texts(list []*commonpb.KeyValue) map[string]any {
	found := make(map[string]any)
	for _, kv := range list {
		switch value := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			found[kv.Key] = value.StringValue
		case *commonpb.AnyValue_IntValue:
			found[kv.Key] = int(value.IntValue)
		}
	}
	return found
}
