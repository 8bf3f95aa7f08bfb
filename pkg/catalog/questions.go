// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// Bounds of a page of [Catalog.Browse], in entries.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Find returns the entries of exactly this name, case ignored, and of this
// namespace unless it is empty, in the catalogue's order.
func (c *Catalog) Find(ctx context.Context, namespace, name string) ([]skills.CatalogEntry, error) {
	if name == "" || len(name) > maxName {
		return nil, nil
	}
	found, err := c.current.Load().find(ctx, namespace, name)
	if err != nil {
		return nil, lookupError(err)
	}
	return found, nil
}

// Get returns the first entry of exactly this namespace and name, case ignored,
// and false if there is none.
func (c *Catalog) Get(ctx context.Context, namespace, name string) (skills.CatalogEntry, bool, error) {
	found, err := c.Find(ctx, namespace, name)
	if err != nil || len(found) == 0 {
		return skills.CatalogEntry{}, false, err
	}
	return found[0], true, nil
}

// Search returns the entries that match the term, in the catalogue's order: those
// that have it in their namespace, name or description, case ignored; of a
// registry API, those that it found.
func (c *Catalog) Search(ctx context.Context, term string) ([]skills.CatalogEntry, error) {
	found, err := c.current.Load().search(ctx, term)
	if err != nil {
		return nil, lookupError(err)
	}
	return found, nil
}

// Browse returns a page of the entries that have q in their namespace, name or
// description, case ignored; of all for an empty q. Pages count from 1, and
// limit is DefaultLimit where it is below 1 and MaxLimit where it is above. A
// page after the last is empty.
func (c *Catalog) Browse(ctx context.Context, q string, page, limit int) (skills.CatalogPage, error) {
	s, err := c.current.Load().all(ctx)
	if err != nil {
		return skills.CatalogPage{}, lookupError(err)
	}
	page = max(page, 1)
	if limit < 1 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	found := s.search(strings.TrimSpace(q))
	p := skills.CatalogPage{Entries: []skills.CatalogEntry{}, Total: len(found), Page: page, Limit: limit}
	// Compared by division, since page may be as large as an int can be.
	if page-1 > len(found)/limit {
		return p, nil
	}
	first := (page - 1) * limit
	p.Entries = s.at(found[min(first, len(found)):min(first+limit, len(found))])
	return p, nil
}

// Info says what the catalogue is, whether or not its source can be read now.
func (c *Catalog) Info(ctx context.Context) skills.CatalogInfo {
	current := c.current.Load()
	info := current.info
	if info.Type == skills.CatalogAPI {
		// An API says nothing of itself, and its listing may be long.
		return info
	}
	s, err := current.all(ctx)
	if err != nil {
		c.config.Log.Warn("the catalogue cannot be read", "source", info.Source, "error", err)
		return info
	}
	info.Version, info.LastUpdated = s.version, s.updated
	return info
}
