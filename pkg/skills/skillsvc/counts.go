// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/skilld/skilld/pkg/skills"
)

// cache is a place where an answer may be known already.
type cache string

const (
	// storeCache is the local store, for references that were pulled before.
	storeCache cache = "store"
	// previewCache is memory, for the text and file list of an artifact or a
	// commit.
	previewCache cache = "previews"
	// commitCache is memory, for references that name a commit of git.
	commitCache cache = "commits"
)

// counts counts what the use cases do. Its labels have few values: never a
// reference or a path.
type counts struct {
	pulls, pushes, lookups metric.Int64Counter
	// hits and misses are labels that are made once, because lookups are cheap.
	hits, misses map[cache]metric.AddOption
}

func newCounts(meter metric.Meter) (*counts, error) {
	c := &counts{hits: make(map[cache]metric.AddOption), misses: make(map[cache]metric.AddOption)}
	var failures [3]error
	c.pulls, failures[0] = meter.Int64Counter("skilld.pulls", metric.WithUnit("{pull}"),
		metric.WithDescription("Artifacts pulled from registries (source=oci) and folders fetched from git servers (source=git), by result."))
	c.pushes, failures[1] = meter.Int64Counter("skilld.pushes", metric.WithUnit("{push}"),
		metric.WithDescription("Artifacts pushed to registries, by result."))
	c.lookups, failures[2] = meter.Int64Counter("skilld.cache.lookups", metric.WithUnit("{lookup}"),
		metric.WithDescription("Lookups in caches, by result: hit or miss."))
	for _, name := range []cache{storeCache, previewCache, commitCache} {
		c.hits[name] = metric.WithAttributeSet(attribute.NewSet(attribute.String("cache", string(name)), attribute.String("result", "hit")))
		c.misses[name] = metric.WithAttributeSet(attribute.NewSet(attribute.String("cache", string(name)), attribute.String("result", "miss")))
	}
	return c, errors.Join(failures[:]...)
}

func (c *counts) pull(ctx context.Context, source, result string) {
	c.pulls.Add(ctx, 1, metric.WithAttributes(attribute.String("source", source), attribute.String("result", result)))
}

func (c *counts) push(ctx context.Context, result string) {
	c.pushes.Add(ctx, 1, metric.WithAttributes(attribute.String("result", result)))
}

func (c *counts) lookup(ctx context.Context, name cache, hit bool) {
	if hit {
		c.lookups.Add(ctx, 1, c.hits[name])
		return
	}
	c.lookups.Add(ctx, 1, c.misses[name])
}

// resultOK is the result of what did not fail.
const resultOK = "ok"

// result is what became of something, as a label.
func result(err error) string {
	if err == nil {
		return resultOK
	}
	return skills.KindOf(err).String()
}

// registryResult is result for an error of a registry's client.
func registryResult(err error) string {
	if err == nil {
		return resultOK
	}
	return classifyPullError(err).String()
}
