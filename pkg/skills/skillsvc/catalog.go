// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/skills"
)

// CatalogInfo says what the catalogue is; see [skills.Catalog].
func (s *Service) CatalogInfo(ctx context.Context) skills.CatalogInfo { return s.Catalog.Info(ctx) }

// ChooseCatalog makes another source the catalogue; see [skills.Catalog].
func (s *Service) ChooseCatalog(ctx context.Context, choice skills.CatalogChoice) (skills.CatalogType, error) {
	source, err := catalog.NewSource(choice.LocalPath, choice.URL, choice.APIURL, choice.AllowPrivateIP)
	if err != nil {
		return "", err
	}
	if choice.LocalPath != "" {
		// What is wrong with a file, and whether it exists, is told to those
		// alone who may name it.
		if err := s.allow("local_path", choice.LocalPath); err != nil {
			return "", err
		}
	}
	return source.Type, s.Catalog.Set(ctx, source)
}

// BrowseCatalog returns a page of the catalogue; see [skills.Catalog].
func (s *Service) BrowseCatalog(ctx context.Context, opts skills.BrowseOptions) (skills.CatalogPage, error) {
	return s.Catalog.Browse(ctx, opts.Query, opts.Page, opts.Limit)
}

// CatalogEntry returns one entry of the catalogue; see [skills.Catalog].
func (s *Service) CatalogEntry(ctx context.Context, namespace, name string) (skills.CatalogEntry, error) {
	entry, found, err := s.Catalog.Get(ctx, namespace, name)
	if err == nil && !found {
		err = skills.Errorf(skills.NotFound, "the catalogue has no skill %q in the namespace %q", name, namespace)
	}
	return entry, err
}
