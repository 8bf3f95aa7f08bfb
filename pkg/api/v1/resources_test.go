// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"context"

	"github.com/skilld/skilld/pkg/skills"
)

// resources are the parts of the service besides skills and builds, as a test
// wants them.
type resources struct {
	groups  []skills.Group
	clients []skills.Client
	catalog skills.CatalogInfo
	page    skills.CatalogPage
	entry   skills.CatalogEntry
}

// entryKey is what a catalogue is asked for.
type entryKey struct{ namespace, name string }

func (s *service) ListGroups(ctx context.Context) ([]skills.Group, error) {
	return s.groups, s.called(ctx, nil)
}

func (s *service) Group(ctx context.Context, name string) (skills.Group, error) {
	if err := s.called(ctx, name); err != nil {
		return skills.Group{}, err
	}
	return s.groups[0], nil
}

func (s *service) CreateGroup(ctx context.Context, name string) error { return s.called(ctx, name) }
func (s *service) DeleteGroup(ctx context.Context, name string) error { return s.called(ctx, name) }

func (s *service) DiscoverClients(ctx context.Context) ([]skills.Client, error) {
	return s.clients, s.called(ctx, nil)
}

func (s *service) CatalogInfo(ctx context.Context) skills.CatalogInfo {
	_ = s.called(ctx, nil) // it has no errors
	return s.catalog
}

func (s *service) ChooseCatalog(ctx context.Context, choice skills.CatalogChoice) (skills.CatalogType, error) {
	return s.catalog.Type, s.called(ctx, choice)
}

func (s *service) BrowseCatalog(ctx context.Context, opts skills.BrowseOptions) (skills.CatalogPage, error) {
	return s.page, s.called(ctx, opts)
}

func (s *service) CatalogEntry(ctx context.Context, namespace, name string) (skills.CatalogEntry, error) {
	return s.entry, s.called(ctx, entryKey{namespace, name})
}
