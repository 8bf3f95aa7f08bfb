// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.opentelemetry.io/otel/trace"

	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// asClient marks the spans of what others are asked.
var asClient = trace.WithSpanKind(trace.SpanKindClient)

// observedRegistry traces and counts what registries are asked.
type observedRegistry struct {
	Registry
	tracer trace.Tracer
	counts *counts
}

// Resolve asks for the digest of a tag.
func (r observedRegistry) Resolve(ctx context.Context, ref skills.Reference) (ocispec.Descriptor, error) {
	ctx, span := begin(ctx, r.tracer, "resolve.registry", ref.String(), asClient)
	desc, err := r.Registry.Resolve(ctx, ref)
	return desc, finish(span, err, digestKey.String(desc.Digest.String()))
}

// Pull pulls an artifact.
func (r observedRegistry) Pull(ctx context.Context, ref skills.Reference, lease *oci.Lease) (ocispec.Descriptor, error) {
	ctx, span := begin(ctx, r.tracer, "pull", ref.String(), asClient)
	desc, err := r.Registry.Pull(ctx, ref, lease)
	r.counts.pull(ctx, "oci", registryResult(err))
	return desc, finish(span, err, digestKey.String(desc.Digest.String()))
}

// Push pushes an artifact.
func (r observedRegistry) Push(ctx context.Context, lease *oci.Lease, desc ocispec.Descriptor, ref skills.Reference) error {
	ctx, span := begin(ctx, r.tracer, "push", ref.String(), asClient, trace.WithAttributes(digestKey.String(desc.Digest.String())))
	err := r.Registry.Push(ctx, lease, desc, ref)
	r.counts.push(ctx, registryResult(err))
	return finish(span, err)
}

// observedGit traces and counts what git servers are asked.
type observedGit struct {
	Git
	tracer trace.Tracer
	counts *counts
}

// Resolve asks for the commit of a ref.
func (g observedGit) Resolve(ctx context.Context, ref git.Reference) (string, error) {
	ctx, span := begin(ctx, g.tracer, "resolve.git", ref.String(), asClient)
	commit, err := g.Git.Resolve(ctx, ref)
	return commit, finish(span, err, commitKey.String(commit))
}

// Fetch fetches a folder.
func (g observedGit) Fetch(ctx context.Context, ref git.Reference, commit, dst string) error {
	ctx, span := begin(ctx, g.tracer, "clone", ref.String(), asClient, trace.WithAttributes(commitKey.String(commit)))
	err := g.Git.Fetch(ctx, ref, commit, dst)
	g.counts.pull(ctx, "git", result(err))
	return finish(span, err)
}

// observedPackager traces what is packaged.
type observedPackager struct {
	Packager
	tracer trace.Tracer
}

// Package packages a folder.
func (p observedPackager) Package(ctx context.Context, root *os.Root, dst oci.Destination) (oci.Artifact, error) {
	ctx, span := begin(ctx, p.tracer, "package", "")
	artifact, err := p.Packager.Package(ctx, root, dst)
	return artifact, finish(span, err, digestKey.String(artifact.Descriptor.Digest.String()))
}
