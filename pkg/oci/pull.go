// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/skills"
)

// MaxArtifactSize bounds all blobs of an artifact that is pulled, together:
// 500 MiB. An artifact of one skill has one layer; it is the index of a
// mischievous registry that this is about.
const MaxArtifactSize = 500 << 20

// Pull copies the artifact that ref names into the store and returns the plain
// descriptor of its index or manifest. It tags nothing, so that all of it is
// gone with the lease unless the caller tags it. Blobs that are in the store
// already are not fetched.
//
// It returns the plain descriptor of what it pulled: media type, digest, size.
// Nothing but skill artifacts is pulled: every document is read, verified and
// checked before the first layer is asked for. Pull returns an Unprocessable
// error for what is not a skill artifact ([ErrNotSkill]) and for one over a
// bound, and one that is [ErrStore] where the store fails; otherwise see
// [Registry].
func (r *Registry) Pull(ctx context.Context, ref skills.Reference, lease *Lease) (ocispec.Descriptor, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.options.PullTime,
		overdue(fmt.Sprintf("the pull took longer than %v", r.options.PullTime)))
	defer cancel()
	p := pull{session: r.open(ref), lease: lease}
	desc, err := p.run(ctx)
	return plain(desc), p.explain(ctx, err)
}

// pull is a pull under way.
type pull struct {
	*session
	lease *Lease
	// blobs are those that the manifests name, configs apart.
	blobs []ocispec.Descriptor
	// size is what they come to, in bytes.
	size int64
}

func (p *pull) run(ctx context.Context) (ocispec.Descriptor, error) {
	root, err := p.root(ctx)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	manifests := []ocispec.Descriptor{root}
	documents := reader{ctx: ctx, fetcher: p.lease}
	if root.MediaType != mediaTypeManifest {
		index, err := documents.index(root)
		if err != nil {
			return ocispec.Descriptor{}, readFault(err)
		}
		manifests = index.Manifests
	}
	for _, desc := range manifests {
		if err := p.manifest(ctx, documents, desc); err != nil {
			return ocispec.Descriptor{}, err
		}
	}
	if _, err := ReadArtifact(ctx, p.lease, root); err != nil {
		return ocispec.Descriptor{}, readFault(err)
	}
	meter := skills.NewMeter(ctx, skills.ActivityPull, p.size)
	for _, blob := range p.blobs {
		if err := p.copy(ctx, blob, meter); err != nil {
			return ocispec.Descriptor{}, err
		}
	}
	return root, nil
}

// root fetches the index or manifest that the reference names.
func (p *pull) root(ctx context.Context) (ocispec.Descriptor, error) {
	desc, body, err := p.repo.FetchReference(ctx, p.repo.Reference.Reference)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer func() { _ = body.Close() }() // only read from
	if desc.MediaType != mediaTypeIndex && desc.MediaType != mediaTypeManifest {
		return ocispec.Descriptor{}, notSkill("its media type is %q, neither an OCI index nor an OCI manifest", desc.MediaType)
	}
	if _, err := parseDigest(desc.Digest); err != nil {
		return ocispec.Descriptor{}, skills.Wrap(skills.Unprocessable, err, "the artifact's digest is %q; only sha256 is known here", desc.Digest)
	}
	return desc, p.storeDocument(ctx, desc, body)
}

// manifest fetches a manifest and its config, and takes note of its layers.
func (p *pull) manifest(ctx context.Context, documents reader, desc ocispec.Descriptor) error {
	if err := checkSize(desc, "manifest", MaxManifestSize); err != nil {
		return err
	}
	if err := p.copy(ctx, desc, nil); err != nil {
		return err
	}
	manifest, err := documents.manifest(desc)
	if err != nil {
		return readFault(err)
	}
	if err := checkBlob(manifest.Config, "config", MaxManifestSize); err != nil {
		return err
	}
	if err := p.copy(ctx, manifest.Config, nil); err != nil {
		return err
	}
	for _, layer := range manifest.Layers {
		if err := p.plan(layer); err != nil {
			return err
		}
	}
	return nil
}

// plan checks the size of a layer, and of all layers so far.
func (p *pull) plan(layer ocispec.Descriptor) error {
	most := int64(MaxBlobSize)
	if layer.MediaType == mediaTypeLayer {
		most = MaxLayerSize
	}
	if err := checkBlob(layer, "layer", most); err != nil {
		return err
	}
	for _, blob := range p.blobs {
		if blob.Digest == layer.Digest {
			return nil
		}
	}
	if p.size += layer.Size; p.size > MaxArtifactSize {
		return skills.Errorf(skills.Unprocessable, "the artifact's layers come to over %d bytes (%d MiB)", int64(MaxArtifactSize), MaxArtifactSize>>20)
	}
	p.blobs = append(p.blobs, layer)
	return nil
}

// copy fetches a blob or a manifest, unless the store has it, and counts its bytes.
func (p *pull) copy(ctx context.Context, desc ocispec.Descriptor, meter *skills.Meter) error {
	exists, err := p.lease.Exists(ctx, desc)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	if exists {
		meter.Add(desc.Size)
		return nil
	}
	body, err := p.repo.Fetch(ctx, desc)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // only read from
	if isManifest(desc.MediaType) {
		return p.storeDocument(ctx, desc, body)
	}
	return p.store(ctx, desc, meter.Reader(body))
}

// storeDocument stores an index or a manifest, of a size that was checked, if
// the store will be able to tell what it refers to.
func (p *pull) storeDocument(ctx context.Context, desc ocispec.Descriptor, body io.Reader) error {
	encoded, err := content.ReadAll(body, desc)
	if err != nil {
		return fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	if _, err := readParts(desc, encoded); err != nil {
		return err
	}
	return p.store(ctx, desc, bytes.NewReader(encoded))
}

// store puts what arrives into the store, and tells its failures from those of
// the registry.
func (p *pull) store(ctx context.Context, desc ocispec.Descriptor, body io.Reader) error {
	source := &contextReader{ctx: ctx, r: body}
	err := p.lease.Push(ctx, plain(desc), source)
	switch {
	case err == nil || errors.Is(err, errdef.ErrAlreadyExists):
		return nil
	case source.err != nil:
		return fmt.Errorf("blob %s: %w", desc.Digest, source.err)
	case errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData), errors.Is(err, io.ErrUnexpectedEOF):
		return err
	default:
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
}

// readFault blames the store for a document that it had and cannot give back.
func readFault(err error) error {
	var kinded *skills.Error
	if errors.As(err, &kinded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStore, err)
}

// checkBlob refuses a blob by what its descriptor says.
func checkBlob(desc ocispec.Descriptor, what string, most int64) error {
	if isManifest(desc.MediaType) {
		return notSkill("its %s is a %q", what, desc.MediaType)
	}
	return checkSize(desc, what, most)
}

// plain returns the descriptor without what is only said about it.
func plain(desc ocispec.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}
}
