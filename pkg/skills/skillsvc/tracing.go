// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/redact"
	"github.com/skilld/skilld/pkg/skills"
)

// scope is the name under which this package traces and measures.
const scope = "github.com/skilld/skilld/pkg/skills/skillsvc"

// What spans say: the reference that a caller named or a source has, and the
// digest or the git commit that it stands for.
const (
	referenceKey = attribute.Key("skilld.reference")
	digestKey    = attribute.Key("skilld.digest")
	commitKey    = attribute.Key("skilld.commit")
	workKey      = attribute.Key("skilld.work")
)

// begin begins a span, about a reference unless that is empty. The caller ends
// it with [finish]. Beneath a span that is not recorded there is none: it would
// not be recorded either, and costs something.
func begin(ctx context.Context, tracer trace.Tracer, name, reference string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if parent := trace.SpanFromContext(ctx); parent.SpanContext().IsValid() && !parent.IsRecording() {
		return ctx, tracenoop.Span{}
	}
	ctx, span := tracer.Start(ctx, name, options...)
	if span.IsRecording() && reference != "" {
		span.SetAttributes(referenceKey.String(redact.Text(reference)))
	}
	return ctx, span
}

// finish ends a span: with what was found where err is nil, else with err, which
// it returns.
func finish(span trace.Span, err error, found ...attribute.KeyValue) error {
	defer span.End()
	if !span.IsRecording() {
		return err
	}
	if err == nil {
		span.SetAttributes(found...)
		return nil
	}
	text := redact.Text(err.Error())
	span.RecordError(errors.New(text))
	span.SetStatus(codes.Error, text)
	return err
}

// tracedContent is resolveContent in a span.
func (s *Service) tracedContent(ctx context.Context, ref string) (*skills.Content, error) {
	ctx, span := begin(ctx, s.tracer, "resolve", ref)
	content, err := s.resolveContent(ctx, ref)
	if err != nil {
		return nil, finish(span, err)
	}
	return content, finish(span, nil, identity(content.ETag)...)
}

// tracedInstall is resolveInstall in a span.
func (s *Service) tracedInstall(ctx context.Context, opts skills.InstallOptions) (*source, error) {
	ctx, span := begin(ctx, s.tracer, "resolve", opts.Name)
	src, err := s.resolveInstall(ctx, opts)
	if err != nil {
		return nil, finish(span, err)
	}
	return src, finish(span, nil, identity(src.digest)...)
}

// identity says what was resolved: the digest of an artifact, or the commit,
// which is the last part of what identifies a folder in git.
func identity(of string) []attribute.KeyValue {
	if strings.HasPrefix(of, "sha256:") {
		return []attribute.KeyValue{digestKey.String(of)}
	}
	commit, _, _ := strings.Cut(of[strings.LastIndexByte(of, '@')+1:], "#")
	return []attribute.KeyValue{commitKey.String(commit)}
}

// extract reads the files of an artifact in a span; layer holds them.
func (s *Service) extract(ctx context.Context, lease *oci.Lease, artifact string, layer ocispec.Descriptor, visit visitFunc) error {
	ctx, span := begin(ctx, s.tracer, "extract", "")
	return finish(span, oci.Extract(ctx, lease, layer, visit), digestKey.String(artifact))
}

// traceWait notes that a request waited, since a time, for work that another
// one had begun and whose spans are in the other's trace.
func (s *Service) traceWait(ctx context.Context, work string, since time.Time) {
	_, span := begin(ctx, s.tracer, "wait", "", trace.WithTimestamp(since), trace.WithAttributes(workKey.String(work)))
	span.End()
}
