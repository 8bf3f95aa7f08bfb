// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/singleflight"

	"github.com/skilld/skilld/pkg/skills"
)

// maxGauges bounds how long those who collect metrics wait for all gauges.
const maxGauges = 3 * time.Second

// gauge is a number, or one for each label, that takes a look at the disk or
// the database to find out.
type gauge struct {
	name       string
	instrument metric.Int64ObservableGauge
	read       func(ctx context.Context) ([]reading, error)
}

type reading struct {
	value  int64
	labels []attribute.KeyValue
}

// addGauges adds the gauges to the meter. The registration ends them.
func (s *Service) addGauges(meter metric.Meter) (metric.Registration, error) {
	gauges := []*gauge{
		{name: "skilld.store.size", read: s.readStoreSize},
		{name: "skilld.builds", read: s.readBuilds},
		{name: "skilld.installed_skills", read: s.readInstalled},
	}
	var failures [3]error
	gauges[0].instrument, failures[0] = meter.Int64ObservableGauge(gauges[0].name, metric.WithUnit("By"),
		metric.WithDescription("All blobs in the store, up to a minute ago."))
	gauges[1].instrument, failures[1] = meter.Int64ObservableGauge(gauges[1].name, metric.WithUnit("{build}"),
		metric.WithDescription("Local builds."))
	gauges[2].instrument, failures[2] = meter.Int64ObservableGauge(gauges[2].name, metric.WithUnit("{skill}"),
		metric.WithDescription("Installed skills, by scope."))
	if err := errors.Join(failures[:]...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(ctx context.Context, to metric.Observer) error {
		s.observe(ctx, to, gauges)
		return nil
	}, gauges[0].instrument, gauges[1].instrument, gauges[2].instrument)
}

// observe reads the gauges, all at once, and leaves out those that fail or take
// too long: the other metrics must not suffer for it. A read that hangs is
// waited for by all who come after, so that there is never a second.
func (s *Service) observe(ctx context.Context, to metric.Observer, gauges []*gauge) {
	ctx, cancel := context.WithTimeout(ctx, maxGauges)
	defer cancel()
	results := make([]<-chan singleflight.Result, len(gauges))
	for i, g := range gauges {
		results[i] = s.reads.DoChan(g.name, func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxGauges)
			defer cancel()
			return g.read(ctx)
		})
	}
	for i, g := range gauges {
		var result singleflight.Result
		select {
		case result = <-results[i]:
		case <-ctx.Done():
			result.Err = ctx.Err()
		}
		if result.Err != nil {
			s.Log.WarnContext(ctx, "a metric is left out", "metric", g.name, "error", result.Err)
			continue
		}
		for _, each := range result.Val.([]reading) {
			to.ObserveInt64(g.instrument, each.value, metric.WithAttributes(each.labels...))
		}
	}
}

func (s *Service) readStoreSize(ctx context.Context) ([]reading, error) {
	size, err := s.Store.Size(ctx)
	if err != nil {
		return nil, err
	}
	return []reading{{value: size}}, nil
}

func (s *Service) readBuilds(ctx context.Context) ([]reading, error) {
	builds, err := s.ListBuilds(ctx)
	if err != nil {
		return nil, err
	}
	return []reading{{value: int64(len(builds))}}, nil
}

func (s *Service) readInstalled(ctx context.Context) ([]reading, error) {
	installed, err := s.State.Skills(ctx, skills.ListOptions{})
	if err != nil {
		return nil, err
	}
	number := map[skills.Scope]int64{skills.ScopeUser: 0, skills.ScopeProject: 0}
	for _, skill := range installed {
		number[skill.Scope]++
	}
	var list []reading
	for scope, n := range number {
		list = append(list, reading{value: n, labels: []attribute.KeyValue{attribute.String("scope", string(scope))}})
	}
	return list, nil
}
