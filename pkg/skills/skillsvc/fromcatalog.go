// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// lookUp returns the catalogue's one entry of the name; nil if there is none.
// Two entries are a Conflict.
func (s *Service) lookUp(ctx context.Context, namespace, name string) (*skills.CatalogEntry, error) {
	entries, err := s.Catalog.Find(ctx, namespace, name)
	if err != nil {
		return nil, fmt.Errorf("looking up %q in the catalogue: %w", name, err)
	}
	switch len(entries) {
	case 0:
		return nil, nil
	case 1:
		return &entries[0], nil
	}
	candidates := make([]string, len(entries))
	for i, entry := range entries {
		candidates[i] = candidate(entry)
	}
	return nil, skills.Errorf(skills.Conflict, "the catalogue has several skills named %q: %s; say which one by its reference, or as namespace/name",
		name, strings.Join(candidates, ", "))
}

// candidate names an entry so that a caller can choose it: a namespace with a
// dot in it would be taken for a registry, a reference is always clear.
func candidate(entry skills.CatalogEntry) string {
	for _, reference := range []func() (string, bool, error){entry.OCI, entry.Git} {
		if text, found, err := reference(); found && err == nil {
			return fmt.Sprintf("%s (%s)", entry.FullName(), text)
		}
	}
	return entry.FullName()
}

// installFromCatalog opens the skill of the catalogue's entry: its OCI package,
// else its git package. It returns nil where the catalogue has no such entry.
func (s *Service) installFromCatalog(ctx context.Context, namespace, name, version string) (*source, error) {
	entry, err := s.lookUp(ctx, namespace, name)
	if entry == nil || err != nil {
		return nil, err
	}
	text, found, err := entry.OCI()
	if err != nil {
		return nil, err
	}
	if found {
		return s.installPackage(ctx, *entry, text, version)
	}
	text, err = gitPackage(*entry)
	if err != nil {
		return nil, err
	}
	if version != "" && entry.Version != "" && version != entry.Version {
		return nil, skills.Errorf(skills.NotFound, "the catalogue has %s in version %s, not %s", entry.FullName(), entry.Version, version)
	}
	return s.openGit(ctx, text)
}

// installPackage pulls the entry's OCI package. Another version than the
// entry's is looked for as a tag of the same repository, and a digest that the
// catalogue pins holds for the entry's own version.
func (s *Service) installPackage(ctx context.Context, entry skills.CatalogEntry, text, version string) (*source, error) {
	ref, err := skills.ParseReference(text)
	if err != nil {
		return nil, err
	}
	other := version != "" && version != entry.Version && version != ref.Tag
	if other {
		if ref, err = skills.ParseReference(ref.Registry + "/" + ref.Repository + ":" + version); err != nil {
			return nil, err
		}
	}
	src, err := s.pullForInstall(ctx, ref)
	if err != nil {
		return nil, err
	}
	if pinned := pinnedDigest(entry, text); !other && pinned != "" && pinned != src.digest {
		src.close()
		return nil, skills.Errorf(skills.Unprocessable, "%s has the digest %s, but the catalogue says %s; it was changed after it was catalogued", ref, src.digest, pinned)
	}
	return src, nil
}

// pinnedDigest returns the digest that the catalogue gives for a package.
func pinnedDigest(entry skills.CatalogEntry, identifier string) string {
	i := slices.IndexFunc(entry.Packages, func(p skills.CatalogPackage) bool { return p.Identifier == identifier })
	if i < 0 {
		return ""
	}
	return entry.Packages[i].Digest
}

// gitPackage returns the reference of the entry's git package.
func gitPackage(entry skills.CatalogEntry) (string, error) {
	text, found, err := entry.Git()
	if err == nil && !found {
		err = skills.Errorf(skills.Unprocessable, "the catalogue's entry %s has no package that can be installed: neither OCI nor git", entry.FullName())
	}
	return text, err
}

// contentFromCatalog previews the catalogue's entry of an ambiguous reference
// that could not be pulled.
func (s *Service) contentFromCatalog(ctx context.Context, text string, pullErr error) (*skills.Content, error) {
	namespace, name, found := strings.Cut(text, "/")
	if !found {
		namespace, name = "", text
	}
	entry, err := s.lookUp(ctx, namespace, name)
	switch {
	case err != nil && !skills.IsKind(err, skills.Conflict):
		s.Log.WarnContext(ctx, "the catalogue could not be asked", "reference", text, "error", err)
		return nil, pullErr
	case err != nil:
		return nil, err
	case entry == nil:
		return nil, skills.Wrap(skills.NotFound, pullErr,
			"%q is neither in the local store, nor in a registry, nor in the catalogue (%s)", text, pullErr)
	}
	identifier, found, err := entry.OCI()
	if err != nil {
		return nil, err
	}
	if !found {
		if identifier, err = gitPackage(*entry); err != nil {
			return nil, err
		}
		return s.gitContent(ctx, identifier)
	}
	ref, err := skills.ParseReference(identifier)
	if err != nil {
		return nil, err
	}
	src, pullErr := s.pull(ctx, ref)
	if pullErr == nil {
		return s.preview(ctx, src)
	}
	return s.gitInstead(ctx, ref, pullErr)
}

// gitInstead previews, in place of an OCI reference that could not be pulled,
// the git package of the one catalogue entry that publishes the same
// repository. Without exactly one such entry the pull's error stands, and so
// does its kind where git fails as well.
func (s *Service) gitInstead(ctx context.Context, ref skills.Reference, pullErr error) (*skills.Content, error) {
	text, found := s.gitFallback(ctx, ref)
	if !found {
		return nil, pullErr
	}
	content, err := s.gitContent(ctx, text)
	if err != nil {
		return nil, skills.Errorf(skills.KindOf(pullErr), "%w; its git source failed too: %v", pullErr, err)
	}
	s.Log.InfoContext(ctx, "git answers for a reference that could not be pulled", "reference", ref.String(), "git", text, "error", pullErr)
	return content, nil
}

// gitFallback returns the git reference of the only catalogue entry that has an
// OCI package in ref's repository; tag and digest do not count.
func (s *Service) gitFallback(ctx context.Context, ref skills.Reference) (string, bool) {
	entries, err := s.Catalog.Search(ctx, ref.Name())
	if err != nil {
		s.Log.WarnContext(ctx, "the catalogue could not be asked for a fallback", "reference", ref.String(), "error", err)
		return "", false
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e skills.CatalogEntry) bool { return !e.HasRepository(ref) })
	if len(entries) != 1 {
		return "", false
	}
	text, found, err := entries[0].Git()
	return text, found && err == nil
}
