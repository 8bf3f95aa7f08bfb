// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
)

// observer is told what a world does.
type observer struct {
	t      *testing.T
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func observe(t *testing.T) (*observer, func(*skillsvc.Config)) {
	o := &observer{t: t, spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	return o, func(cfg *skillsvc.Config) {
		cfg.Tracers = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(o.spans))
		cfg.Meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.reader))
	}
}

// tree returns the ended spans, in the order in which they ended, as "name <
// parent", and their attributes by name.
func (o *observer) tree() ([]string, map[string]map[string]string) {
	names := make(map[string]string)
	for _, span := range o.spans.Ended() {
		names[span.SpanContext().SpanID().String()] = span.Name()
	}
	var tree []string
	attributes := make(map[string]map[string]string)
	for _, span := range o.spans.Ended() {
		tree = append(tree, span.Name()+" < "+names[span.Parent().SpanID().String()])
		attributes[span.Name()] = make(map[string]string)
		for _, kv := range span.Attributes() {
			attributes[span.Name()][string(kv.Key)] = kv.Value.String()
		}
	}
	return tree, attributes
}

// metrics returns the values by metric and labels.
func (o *observer) metrics() map[string]int64 {
	o.t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(o.t, o.reader.Collect(o.t.Context(), &collected))
	values := make(map[string]int64)
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[int64]
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				points = data.DataPoints
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			}
			for _, point := range points {
				name := m.Name
				for _, kv := range point.Attributes.ToSlice() {
					name += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
				}
				values[name] = point.Value
			}
		}
	}
	return values
}

func TestSpansOfAPull(t *testing.T) {
	t.Parallel()
	o, observed := observe(t)
	w := newWorld(t, observed)
	w.registry.skills[published] = "my-skill 1"
	content, err := w.Content(t.Context(), published)
	require.NoError(t, err)
	_, err = w.Content(t.Context(), published)
	require.NoError(t, err)
	tree, attributes := o.tree()
	assert.Equal(t, []string{"pull < resolve", "extract < resolve", "resolve < ", "resolve < "}, tree)
	for _, name := range []string{"resolve", "pull"} {
		assert.Equal(t, published, attributes[name]["skilld.reference"], name)
	}
	for _, name := range []string{"resolve", "pull", "extract"} {
		assert.Equal(t, content.ETag, attributes[name]["skilld.digest"], name)
	}
	metrics := o.metrics()
	assert.EqualValues(t, 1, metrics["skilld.pulls result=ok source=oci"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=store result=miss"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=store result=hit"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=previews result=miss"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=previews result=hit"])
	assert.EqualValues(t, 0, metrics["skilld.builds"])
}

func TestSpansOfGit(t *testing.T) {
	t.Parallel()
	o, observed := observe(t)
	w := newWorld(t, observed)
	ref, err := git.ParseReference("git://example.com/o/r@" + commit)
	require.NoError(t, err)
	w.git.skills[ref.String()] = "my-skill 1"
	for range 2 {
		_, err := w.Content(t.Context(), ref.String())
		require.NoError(t, err)
	}
	tree, attributes := o.tree()
	assert.Equal(t, []string{"resolve.git < resolve", "clone < resolve", "resolve < ", "resolve < "}, tree)
	for name, about := range attributes {
		assert.Equal(t, ref.String(), about["skilld.reference"], name)
		assert.Equal(t, commit, about["skilld.commit"], name)
	}
	metrics := o.metrics()
	assert.EqualValues(t, 1, metrics["skilld.pulls result=ok source=git"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=commits result=miss"])
	assert.EqualValues(t, 1, metrics["skilld.cache.lookups cache=commits result=hit"])
}

func TestSpansOfFailures(t *testing.T) {
	t.Parallel()
	o, observed := observe(t)
	w := newWorld(t, observed)
	w.registry.errs[published] = errors.New(`Get "https://cdn.example/b?sig=s3cret": refused`)
	_, err := w.Content(t.Context(), published)
	require.Error(t, err)
	_, err = w.Content(t.Context(), "https://ada:s3cret@h/o/r")
	require.Error(t, err)
	require.Len(t, o.spans.Ended(), 3)
	for _, span := range o.spans.Ended() {
		assert.Equal(t, codes.Error, span.Status().Code, span.Name())
		assert.NotContains(t, span.Status().Description, "s3cret")
		require.Len(t, span.Events(), 1)
		assert.NotContains(t, fmt.Sprint(span.Events()[0].Attributes, span.Attributes()), "s3cret")
	}
	assert.EqualValues(t, 1, o.metrics()["skilld.pulls result=upstream source=oci"])
}

func TestBuildsAndPushesAreTold(t *testing.T) {
	t.Parallel()
	o, observed := observe(t)
	w := newWorld(t, observed)
	digest := w.build("my-skill", "1", published)
	require.NoError(t, w.Push(t.Context(), skills.PushOptions{Reference: published}))
	_, err := w.Install(t.Context(), skills.InstallOptions{Name: "my-skill", Clients: []string{"claude-code"}})
	require.NoError(t, err)
	tree, attributes := o.tree()
	assert.Equal(t, []string{"package < ", "push < ", "resolve < ", "extract < "}, tree)
	for _, name := range []string{"package", "push", "resolve", "extract"} {
		assert.Equal(t, digest, attributes[name]["skilld.digest"], name)
	}
	size, err := w.store.Size(t.Context())
	require.NoError(t, err)
	assert.Positive(t, size)
	metrics := o.metrics()
	assert.EqualValues(t, 1, metrics["skilld.pushes result=ok"])
	assert.EqualValues(t, 1, metrics["skilld.builds"])
	assert.EqualValues(t, 1, metrics["skilld.installed_skills scope=user"])
	assert.Contains(t, metrics, "skilld.installed_skills scope=project")
	assert.Equal(t, size, metrics["skilld.store.size"])
}

// TestOnePullOfManyIsInOneTrace counts those who waited for another's pull.
func TestOnePullOfManyIsInOneTrace(t *testing.T) {
	t.Parallel()
	o, observed := observe(t)
	w := newWorld(t, observed)
	w.registry.skills[published] = "my-skill 1"
	w.registry.slow = make(chan struct{})
	var waiting, began sync.WaitGroup
	for range 3 {
		began.Add(1)
		waiting.Go(func() {
			_, err := w.Content(skills.WithProgress(t.Context(), once(began.Done)), published)
			assert.NoError(t, err)
		})
	}
	began.Wait()
	close(w.registry.slow)
	waiting.Wait()
	count := make(map[string]int)
	for _, span := range o.spans.Ended() {
		count[span.Name()]++
	}
	assert.Equal(t, 1, count["pull"])
	assert.Equal(t, 2, count["wait"])
	_, attributes := o.tree()
	assert.Equal(t, "pull "+published, attributes["wait"]["skilld.work"])
}

// once calls f at the first report.
func once(f func()) func(skills.Progress) {
	first := sync.OnceFunc(f)
	return func(skills.Progress) { first() }
}

// brokenState cannot list what is installed.
type brokenState struct {
	skillsvc.State
	list func(ctx context.Context) error
}

func (b brokenState) Skills(ctx context.Context, _ skills.ListOptions) ([]skills.InstalledSkill, error) {
	return nil, b.list(ctx)
}

// TestAGaugeThatCannotBeReadIsLeftOut reads the others all the same.
func TestAGaugeThatCannotBeReadIsLeftOut(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	for name, list := range map[string]func(context.Context) error{
		"fails":         func(context.Context) error { return errors.New("database is gone") },
		"hangs":         func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"hangs forever": func(context.Context) error { <-forever; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			o, observed := observe(t)
			newWorld(t, observed, func(cfg *skillsvc.Config) {
				cfg.State = brokenState{State: cfg.State, list: list}
				cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			})
			metrics := o.metrics()
			assert.Contains(t, metrics, "skilld.builds")
			assert.Contains(t, metrics, "skilld.store.size")
			assert.NotContains(t, metrics, "skilld.installed_skills scope=user")
			assert.Contains(t, log.String(), "skilld.installed_skills")
		})
	}
	t.Cleanup(func() { close(forever) })
}
