// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"strings"

	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

// resolveInstall says which source answers an installation's name, in this
// order:
//
//	git://…                        git
//	a name with '/', ':' or '@'    the registry; where that fails and the name
//	                               is ambiguous, the catalogue
//	a skill's name                 the local builds, else the catalogue
func (s *Service) resolveInstall(ctx context.Context, opts skills.InstallOptions) (*source, error) {
	switch {
	case strings.HasPrefix(opts.Name, gitScheme):
		return s.openGit(ctx, opts.Name)
	case strings.ContainsAny(opts.Name, "/:@"):
		return s.installReference(ctx, opts)
	}
	if err := skills.ValidateName(opts.Name); err != nil {
		return nil, err
	}
	src, err := s.openLocalBuild(ctx, opts.Name, opts.Version)
	if err != nil || src != nil {
		return src, err
	}
	src, err = s.installFromCatalog(ctx, "", opts.Name, opts.Version)
	if err != nil || src != nil {
		return src, err
	}
	wanted := opts.Name
	if opts.Version != "" {
		wanted += " in version " + opts.Version
	}
	return nil, skills.Errorf(skills.NotFound,
		"skill %s is neither among the local builds nor in the catalogue; install it by reference, for example ghcr.io/org/%s:v1 or git://github.com/org/repo#%s",
		wanted, opts.Name, opts.Name)
}

// installReference pulls an OCI reference. Where that fails and the reference
// may as well be a name of the catalogue, it is looked up there.
func (s *Service) installReference(ctx context.Context, opts skills.InstallOptions) (*source, error) {
	named, err := skills.ParseReference(opts.Name)
	if err != nil {
		return nil, err
	}
	ref := named
	if opts.Version != "" && strings.Contains(opts.Name, "/") && !named.Pinned() {
		if ref, err = skills.ParseReference(opts.Name + ":" + opts.Version); err != nil {
			return nil, err
		}
	}
	src, pullErr := s.pullForInstall(ctx, ref)
	if pullErr == nil || named.Unambiguous() {
		return src, pullErr
	}
	namespace, name, _ := strings.Cut(opts.Name, "/")
	src, err = s.installFromCatalog(ctx, namespace, name, opts.Version)
	if err != nil {
		return nil, err
	}
	if src == nil {
		return nil, pullErr
	}
	return src, nil
}

// pullForInstall pulls the skill and holds it to its name: an artifact in the
// repository org/name must be the skill "name".
func (s *Service) pullForInstall(ctx context.Context, ref skills.Reference) (*source, error) {
	src, err := s.pull(ctx, ref)
	if err != nil {
		return nil, err
	}
	if src.name != ref.Name() {
		src.close()
		return nil, skills.Errorf(skills.Unprocessable, "%s holds the skill %q, but its repository is named %q; the two must be the same", ref, src.name, ref.Name())
	}
	return src, nil
}

// resolveContent says which source answers a preview's reference, in this
// order:
//
//	git:// or http(s)://   git
//	the local store        a local tag, or a reference pulled before
//	an OCI reference       the registry; where that fails
//	  unambiguous          the git package of its only catalogue entry
//	  ambiguous            the catalogue by name
func (s *Service) resolveContent(ctx context.Context, text string) (*skills.Content, error) {
	if text == "" {
		return nil, skills.Errorf(skills.Invalid, "ref is missing: it is a tag of the local store, an OCI reference or a git:// reference")
	}
	if git.IsReference(text) {
		return s.gitContent(ctx, text)
	}
	src, err := s.openLocal(ctx, text)
	if err != nil {
		return nil, err
	}
	if src != nil {
		return s.preview(ctx, src)
	}
	ref, err := skills.ParseReference(text)
	if err != nil {
		return nil, err
	}
	s.counts.lookup(ctx, storeCache, false)
	src, pullErr := s.pull(ctx, ref)
	switch {
	case pullErr == nil:
		return s.preview(ctx, src)
	case ref.Unambiguous():
		return s.gitInstead(ctx, ref, pullErr)
	default:
		return s.contentFromCatalog(ctx, text, pullErr)
	}
}
