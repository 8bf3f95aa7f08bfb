// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
)

func (c *fakeCatalog) Browse(_ context.Context, q string, page, limit int) (skills.CatalogPage, error) {
	entries, err := c.Search(context.Background(), q)
	return skills.CatalogPage{Entries: entries, Total: len(entries), Page: page, Limit: limit}, err
}

func (c *fakeCatalog) Get(ctx context.Context, namespace, name string) (skills.CatalogEntry, bool, error) {
	found, err := c.Find(ctx, namespace, name)
	if err != nil || len(found) == 0 {
		return skills.CatalogEntry{}, false, err
	}
	return found[0], true, nil
}

func (c *fakeCatalog) Info(context.Context) skills.CatalogInfo {
	return skills.CatalogInfo{Type: c.source.Type, Source: c.source.Location}
}

func (c *fakeCatalog) Set(_ context.Context, source catalog.Source) error {
	if c.err == nil {
		c.source = source
	}
	return c.err
}

func TestCatalogRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.catalog.entries = []skills.CatalogEntry{entry("org/my-skill", published, ""), entry("org/other", "", "")}

	page, err := w.BrowseCatalog(t.Context(), skills.BrowseOptions{Query: "other", Page: 2, Limit: 7})
	require.NoError(t, err)
	assert.Equal(t, skills.CatalogPage{Entries: w.catalog.entries[1:], Total: 1, Page: 2, Limit: 7}, page)

	found, err := w.CatalogEntry(t.Context(), "ORG", "my-skill")
	require.NoError(t, err)
	assert.Equal(t, w.catalog.entries[0], found)
	_, err = w.CatalogEntry(t.Context(), "team", "my-skill")
	assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
	assert.ErrorContains(t, err, "team")
}

func TestChooseCatalog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chosen, err := w.ChooseCatalog(t.Context(), skills.CatalogChoice{APIURL: "https://example.com"})
	require.NoError(t, err)
	assert.Equal(t, skills.CatalogAPI, chosen)
	assert.Equal(t, skills.CatalogInfo{Type: skills.CatalogAPI, Source: "https://example.com"}, w.CatalogInfo(t.Context()))

	_, err = w.ChooseCatalog(t.Context(), skills.CatalogChoice{URL: "https://example.com/x", APIURL: "https://example.com"})
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
	w.catalog.err = skills.Errorf(skills.Upstream, "that is no catalogue")
	_, err = w.ChooseCatalog(t.Context(), skills.CatalogChoice{LocalPath: "/x/c.json"})
	assert.True(t, skills.IsKind(err, skills.Upstream), "%v", err)

	w.catalog.err = nil
	chosen, err = w.ChooseCatalog(t.Context(), skills.CatalogChoice{})
	require.NoError(t, err)
	assert.Equal(t, skills.CatalogDefault, chosen)
}

func TestCatalogFileMustBeAllowed(t *testing.T) {
	t.Parallel()
	allowed := t.TempDir()
	w := newWorld(t, func(c *skillsvc.Config) { c.AllowPaths = []string{allowed} })
	_, err := w.ChooseCatalog(t.Context(), skills.CatalogChoice{LocalPath: t.TempDir() + "/c.json"})
	assert.True(t, skills.IsKind(err, skills.Forbidden), "%v", err)
	_, err = w.ChooseCatalog(t.Context(), skills.CatalogChoice{LocalPath: allowed + "/c.json"})
	require.NoError(t, err)
}
