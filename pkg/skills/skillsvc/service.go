// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/sync/singleflight"

	"github.com/skilld/skilld/pkg/clients"
	"github.com/skilld/skilld/pkg/skills"
)

// Config is what the use cases work with. Every field but AllowPaths, Tracers
// and Meters is needed.
type Config struct {
	Store    Store
	Packager Packager
	Registry Registry
	Git      Git
	Catalog  Catalog
	State    State
	// Machine says which AI clients there are and where they keep skills.
	Machine clients.Machine
	// AllowPaths are the absolute folders that requests may name, those below
	// included; none stands for every folder.
	AllowPaths []string
	// TempDir is a folder of ours for what is fetched and thrown away.
	TempDir string
	Log     *slog.Logger
	// Now tells the time.
	Now func() time.Time
	// Tracers and Meters are told what is done; nil for nobody.
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider
}

// Service implements [skills.Service]. It is safe for concurrent use.
type Service struct {
	Config

	// allowed are the AllowPaths without symbolic links on the way.
	allowed []string
	// installs serialises changes of the installations of one skill name.
	installs keyLock
	// shared makes one pull or fetch of simultaneous requests for the same.
	shared singleflight.Group
	relays relays
	// contents and summaries keep what was read before, by what identifies the
	// bytes: an artifact's digest, or a git commit and folder.
	contents  *lru.Cache[string, *skills.Content]
	summaries *lru.Cache[string, summary]
	fresh     freshness
	builds    buildList
	tracer    trace.Tracer
	counts    *counts
	gauges    metric.Registration
	// reads makes one read of a gauge of those that come at a time.
	reads singleflight.Group
	// background counts the pulls and fetches, which may outlive their callers, and
	// stopping ends them.
	background sync.WaitGroup
	stopping   context.Context
	stop       context.CancelFunc
}

var _ skills.Service = (*Service)(nil)

// New returns the use cases. Call [Service.Recover] before the first install.
// It returns an Invalid error for one of the AllowPaths that is no folder.
func New(cfg Config) (*Service, error) {
	allowed, err := realFolders(cfg.AllowPaths)
	if err != nil {
		return nil, err
	}
	contents, err := lru.New[string, *skills.Content](maxCachedContents)
	if err != nil {
		return nil, fmt.Errorf("making the cache of previews: %w", err)
	}
	summaries, err := lru.New[string, summary](maxCachedSummaries)
	if err != nil {
		return nil, fmt.Errorf("making the cache of summaries: %w", err)
	}
	s := &Service{Config: cfg, allowed: allowed, contents: contents, summaries: summaries, fresh: freshness{now: cfg.Now}}
	s.stopping, s.stop = context.WithCancel(context.Background())
	if err := s.tell(cfg.Tracers, cfg.Meters); err != nil {
		return nil, fmt.Errorf("preparing metrics: %w", err)
	}
	return s, nil
}

// tell has the providers told what is done; those that are nil are not.
func (s *Service) tell(tracers trace.TracerProvider, meters metric.MeterProvider) error {
	if tracers == nil {
		tracers = tracenoop.NewTracerProvider()
	}
	if meters == nil {
		meters = metricnoop.NewMeterProvider()
	}
	s.tracer = tracers.Tracer(scope)
	var err error
	if s.counts, err = newCounts(meters.Meter(scope)); err != nil {
		return err
	}
	s.Registry = observedRegistry{Registry: s.Registry, tracer: s.tracer, counts: s.counts}
	s.Git = observedGit{Git: s.Git, tracer: s.tracer, counts: s.counts}
	s.Packager = observedPackager{Packager: s.Packager, tracer: s.tracer}
	s.gauges, err = s.addGauges(meters.Meter(scope))
	return err
}

// Recover undoes or finishes what a crash interrupted, so that every skill is
// either as it was before or as its record says. It tries every operation and
// returns what failed.
func (s *Service) Recover(ctx context.Context) error {
	ops, err := s.State.Operations(ctx)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	var failures []error
	for _, op := range ops {
		s.Log.InfoContext(ctx, "recovering an interrupted change", "skill", op.Key.Name, "phase", op.Phase)
		if err := s.settle(ctx, op); err != nil {
			failures = append(failures, fmt.Errorf("recovering %s: %w", op.Key.Name, err))
		}
	}
	return errors.Join(failures...)
}

// Close ends the pulls that still run and waits for them. The service must not
// be called any more.
func (s *Service) Close() error {
	err := s.gauges.Unregister()
	s.stop()
	s.background.Wait()
	return err
}
