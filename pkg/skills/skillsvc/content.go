// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// maxCachedContents and maxCachedBody bound the cache of previews to about
	// 64 MiB.
	maxCachedContents = 1024
	maxCachedBody     = 64 << 10
	// maxCachedSummaries bounds the cache of summaries to about as much.
	maxCachedSummaries = 16 << 10
)

// Content returns a skill's text and file list; see [skills.Service].
func (s *Service) Content(ctx context.Context, ref string) (*skills.Content, error) {
	return s.tracedContent(ctx, ref)
}

// preview reads the source and closes it.
func (s *Service) preview(ctx context.Context, src *source) (*skills.Content, error) {
	defer src.close()
	content, err := s.readContent(ctx, src)
	if err != nil || content.Stale == src.stale {
		return content, err
	}
	marked := *content
	marked.Stale = src.stale
	return &marked, nil
}

// readContent reads the source, or remembers what it read from these very
// bytes before. Callers must not change what it returns.
func (s *Service) readContent(ctx context.Context, src *source) (*skills.Content, error) {
	content, known := s.contents.Get(src.etag)
	s.counts.lookup(ctx, previewCache, known)
	if known {
		return content, nil
	}
	content = &skills.Content{
		Name: src.name, Description: src.description, Version: src.version, License: src.license,
		ETag: src.etag,
	}
	err := src.read(ctx, func(path string, size int64, r io.Reader) error {
		content.Files = append(content.Files, skills.File{Path: path, Size: size})
		if path != skills.SkillFile {
			return nil
		}
		if size > skills.MaxSkillFile {
			return skills.Errorf(skills.Unprocessable, "%s has %d bytes; a preview shows at most %d", path, size, skills.MaxSkillFile)
		}
		var body strings.Builder
		_, err := io.Copy(&body, r)
		content.Body = body.String()
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(content.Files, func(a, b skills.File) int { return strings.Compare(a.Path, b.Path) })
	if len(content.Body) <= maxCachedBody {
		s.contents.Add(src.etag, content)
	}
	return content, nil
}
