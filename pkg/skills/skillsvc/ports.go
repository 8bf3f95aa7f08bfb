// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"iter"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// Store is where artifacts are kept; see [oci.Store].
type Store interface {
	// Lease protects what a use case reads or writes until it is released.
	Lease() *oci.Lease
	// Tagged yields the tags' descriptors, sorted by tag.
	Tagged() iter.Seq[ocispec.Descriptor]
	// Generation rises with every change of the tags.
	Generation() uint64
	// Size returns what all blobs come to, in bytes.
	Size(ctx context.Context) (int64, error)
	// Inventory says which artifacts are whole.
	Inventory(ctx context.Context) (oci.Inventory, error)
	// Untag removes a tag and what it alone reached.
	Untag(ctx context.Context, tag string) error
}

// Packager turns a skill folder into an artifact; see [oci.Packager].
type Packager interface {
	Package(ctx context.Context, root *os.Root, dst oci.Destination) (oci.Artifact, error)
}

// Registry is what OCI registries are asked; see [oci.Registry].
type Registry interface {
	Resolve(ctx context.Context, ref skills.Reference) (ocispec.Descriptor, error)
	Pull(ctx context.Context, ref skills.Reference, lease *oci.Lease) (ocispec.Descriptor, error)
	Push(ctx context.Context, lease *oci.Lease, desc ocispec.Descriptor, ref skills.Reference) error
}

// Git is what git servers are asked; see [git.Fetcher].
type Git interface {
	Resolve(ctx context.Context, ref git.Reference) (commit string, err error)
	Fetch(ctx context.Context, ref git.Reference, commit string, dst string) error
}

// Catalog is the catalogue of published skills; see [catalog.Catalog].
type Catalog interface {
	Find(ctx context.Context, namespace, name string) ([]skills.CatalogEntry, error)
	Search(ctx context.Context, term string) ([]skills.CatalogEntry, error)
	Browse(ctx context.Context, q string, page, limit int) (skills.CatalogPage, error)
	Get(ctx context.Context, namespace, name string) (skills.CatalogEntry, bool, error)
	Info(ctx context.Context) skills.CatalogInfo
	Set(ctx context.Context, source catalog.Source) error
}

// State is what is installed, and the journal of what is being changed; see
// pkg/state.
type State interface {
	Skills(ctx context.Context, opts skills.ListOptions) ([]skills.InstalledSkill, error)
	Skill(ctx context.Context, key skills.Key) (skills.InstalledSkill, error)
	Owner(ctx context.Context, target skills.Target) (skills.Key, bool, error)
	Groups(ctx context.Context) ([]skills.Group, error)
	Group(ctx context.Context, name string) (skills.Group, error)
	CreateGroup(ctx context.Context, name string) error
	DeleteGroup(ctx context.Context, name string) error

	Begin(ctx context.Context, op skills.Operation) error
	Advance(ctx context.Context, id string, phase skills.Phase) error
	CommitInstall(ctx context.Context, id string, record skills.InstalledSkill) error
	CommitRemoval(ctx context.Context, id string, key skills.Key) error
	End(ctx context.Context, id string) error
	Operations(ctx context.Context) ([]skills.Operation, error)
}
