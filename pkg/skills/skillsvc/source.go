// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// source is the one skill that a name or reference led to, held ready to be
// read until it is closed.
type source struct {
	summary
	// reference, tag and digest are what an installation's record says.
	reference, tag, digest string
	// etag identifies exactly these bytes.
	etag string
	// stale says that the registry could not be asked whether it is the latest.
	stale bool

	// read calls visit for each file, in any order; SKILL.md is always among
	// them. It stops at visit's first error.
	read func(ctx context.Context, visit visitFunc) error
	// close gives back what holds the skill ready.
	close func()
}

// summary is what a skill says of itself besides its files.
type summary struct {
	name, description, version, license string
	requires                            []string
	// layer holds the files of an artifact.
	layer ocispec.Descriptor
}

// visitFunc is called with a file's path, its size in bytes and its text,
// which it may leave unread.
type visitFunc = func(path string, size int64, r io.Reader) error

// openArtifact returns the skill in the artifact that desc describes, which
// the lease protects. Closing the source releases the lease; where it fails,
// that is left to the caller.
func (s *Service) openArtifact(ctx context.Context, lease *oci.Lease, desc ocispec.Descriptor) (*source, error) {
	key := desc.Digest.String()
	sum, known := s.summaries.Get(key)
	if !known {
		artifact, err := oci.ReadArtifact(ctx, lease, desc)
		if err != nil {
			return nil, err
		}
		sum = summary{
			name: artifact.Name, description: artifact.Description, version: artifact.Version,
			license: artifact.License, requires: artifact.Requires, layer: artifact.Layer,
		}
		s.summaries.Add(key, sum)
	}
	return &source{
		summary: sum,
		digest:  key,
		etag:    key,
		read: func(ctx context.Context, visit visitFunc) error {
			return s.extract(ctx, lease, key, sum.layer, visit)
		},
		close: lease.Release,
	}, nil
}

// dependencies returns the skills that the source asks for.
func (src *source) dependencies() []skills.Dependency {
	var deps []skills.Dependency
	for _, required := range src.requires {
		dep := skills.Dependency{Name: required, Reference: required}
		if ref, err := skills.ParseReference(required); err == nil {
			dep.Name, dep.Digest = ref.Name(), ref.Digest
		}
		deps = append(deps, dep)
	}
	return deps
}

// damaged turns the failure of reading an artifact in the local store into an
// error for the caller where a blob is gone or is not what its digest says: it
// is not skilld that failed, and building or pulling again mends it.
func damaged(tag string, err error) error {
	for _, fault := range []error{errdef.ErrNotFound, content.ErrMismatchedDigest, content.ErrInvalidDescriptorSize, content.ErrTrailingData, io.ErrUnexpectedEOF} {
		if errors.Is(err, fault) {
			return skills.Wrap(skills.Unprocessable, err,
				"the artifact %q in the local store is damaged: a blob is missing or is not what its digest says; build or pull it again", tag)
		}
	}
	return fmt.Errorf("the artifact %q in the local store: %w", tag, err)
}
