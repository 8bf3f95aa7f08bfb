// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
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
	name, unit, description string
	read                    func(ctx context.Context) ([]reading, error)
	instrument              metric.Int64ObservableGauge
}

type reading struct {
	value  int64
	labels []attribute.KeyValue
}

// addGauges adds the gauges to the meter. The registration ends them.
func (s *Service) addGauges(meter metric.Meter) (metric.Registration, error) {
	gauges := []*gauge{
		{name: "skilld.store.size", unit: "By", description: "All blobs in the store, up to a minute ago.", read: s.readStoreSize},
		{name: "skilld.builds", unit: "{build}", description: "Local builds.", read: s.readBuilds},
		{name: "skilld.installed_skills", unit: "{skill}", description: "Installed skills, by scope.", read: s.readInstalled},
	}
	var instruments []metric.Observable
	for _, g := range gauges {
		var err error
		if g.instrument, err = meter.Int64ObservableGauge(g.name, metric.WithUnit(g.unit), metric.WithDescription(g.description)); err != nil {
			return nil, err
		}
		instruments = append(instruments, g.instrument)
	}
	return meter.RegisterCallback(func(ctx context.Context, to metric.Observer) error {
		s.observe(ctx, to, gauges)
		return nil
	}, instruments...)
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
		var read singleflight.Result
		select {
		case read = <-results[i]:
		case <-ctx.Done():
			read.Err = ctx.Err()
		}
		if read.Err != nil {
			s.Log.WarnContext(ctx, "a metric is left out", "metric", g.name, "error", read.Err)
			continue
		}
		for _, each := range read.Val.([]reading) {
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
