// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/pkg/skills"
)

// Push copies the artifact desc from the store to the registry, under the tag
// of ref. Of desc only media type, digest and size are used: what the store
// notes about it stays at home. Blobs that the registry has are not sent again.
//
// It returns an Invalid error where ref has no tag, and one that is [ErrStore]
// where the store does not have all of the artifact; otherwise see [Registry].
// Its time is bounded by ctx, and by the silence of the connection, alone.
func (r *Registry) Push(ctx context.Context, lease *Lease, desc ocispec.Descriptor, ref skills.Reference) error {
	if ref.Tag == "" {
		return skills.Errorf(skills.Invalid, "%s has no tag; a push needs one, such as %s/%s:v1", ref, ref.Registry, ref.Repository)
	}
	s := r.open(ref)
	options := oras.DefaultCopyOptions
	options.FindSuccessors = successors
	// One at a time, so that what the registry refused last is what ended it.
	options.Concurrency = 1
	source := outgoing{lease: lease, root: plain(desc)}
	shipment, err := newShipment(ctx, source, source.root)
	if err != nil {
		return s.explain(ctx, err)
	}
	source.shipment = shipment
	options.OnCopySkipped = func(_ context.Context, desc ocispec.Descriptor) error {
		shipment.arrived(desc)
		return nil
	}
	if _, err := oras.Copy(ctx, source, ref.Tag, s.repo, ref.Tag, options); err != nil {
		return s.explain(ctx, err)
	}
	// A root that the registry had is neither copied nor skipped, but tagged.
	shipment.arrived(source.root)
	return nil
}

// outgoing is an artifact in the store, as a source for oras-go.
type outgoing struct {
	lease    *Lease
	root     ocispec.Descriptor
	shipment *shipment
}

var _ oras.ReadOnlyTarget = outgoing{}

// Resolve returns the artifact, whatever it is called.
func (o outgoing) Resolve(context.Context, string) (ocispec.Descriptor, error) { return o.root, nil }

// Exists implements [content.ReadOnlyStorage].
func (o outgoing) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	exists, err := o.lease.Exists(ctx, desc)
	return exists, storeFault(err)
}

// Fetch implements [content.Fetcher]. The blob can be sent again if need be.
func (o outgoing) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	blob, err := o.lease.Fetch(ctx, desc)
	if err != nil {
		return nil, storeFault(err)
	}
	return &upload{Reader: o.shipment.sending(desc, blob), Closer: blob, again: func() (io.ReadCloser, error) { return o.Fetch(ctx, desc) }}, nil
}

// storeFault keeps a blob that the store has not from passing for one that the
// registry has not.
func storeFault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %v", ErrStore, err) //nolint:errorlint // the cause must not be mistaken for a registry's answer
}

// upload is a blob as the body of a request.
type upload struct {
	io.Reader
	io.Closer
	again func() (io.ReadCloser, error)
}

// Read reads from the blob.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = storeFault(err)
	}
	return n, err
}

func (u *upload) reopen() (io.ReadCloser, error) { return u.again() }

// successors returns what desc consists of, for oras-go to copy first.
func successors(ctx context.Context, fetcher content.Fetcher, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if desc.MediaType != mediaTypeIndex && desc.MediaType != mediaTypeManifest {
		return nil, nil
	}
	encoded, err := content.FetchAll(ctx, fetcher, desc)
	if err != nil {
		return nil, err
	}
	named, err := readParts(desc, encoded)
	return named, storeFault(err)
}
