// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/skills"
)

// Push sends the artifact under a local tag to the registry that the tag
// names; see [skills.Service]. The registry client sends a plain descriptor, so
// that nothing of the local-build marker leaves the machine.
func (s *Service) Push(ctx context.Context, opts skills.PushOptions) error {
	switch {
	case opts.Reference == "":
		return skills.Errorf(skills.Invalid, "reference is missing: it is a tag of the local store that is a full reference")
	case opts.Key != "" || opts.IdentityToken != "":
		return skills.Errorf(skills.Unsupported, "skilld does not sign artifacts yet: push without key and identity_token, and sign %s with another tool", opts.Reference)
	}
	lease := s.Store.Lease()
	defer lease.Release()
	desc, _, err := findLocal(ctx, lease, opts.Reference)
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return skills.Wrap(skills.NotFound, err, "%q is not in the local store; build it with this tag first", opts.Reference)
	case err != nil:
		return fmt.Errorf("looking up %q: %w", opts.Reference, err)
	case !strings.Contains(opts.Reference, "/"):
		return skills.Errorf(skills.Invalid, "the tag %q names no registry; build the skill with a full reference such as ghcr.io/org/%s:v1 as its tag and push that", opts.Reference, opts.Reference)
	}
	ref, err := skills.ParseReference(opts.Reference)
	if err != nil {
		return err
	}
	inventory, err := s.Store.Inventory(ctx)
	if err != nil {
		return fmt.Errorf("looking up %q: %w", opts.Reference, err)
	}
	if !inventory.Has(desc) {
		return damaged(opts.Reference, errdef.ErrNotFound)
	}
	if err := s.Registry.Push(ctx, lease, desc, ref); err != nil {
		return pushError(ref, err)
	}
	return nil
}
