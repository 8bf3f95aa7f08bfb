// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/skills"
)

// gitScheme begins the name of an installation from git.
const gitScheme = "git://"

// maxFetch bounds the fetch of one folder.
const maxFetch = 2 * time.Minute

// openGit asks the server which commit the reference means and opens the skill
// there.
func (s *Service) openGit(ctx context.Context, text string) (*source, error) {
	ref, commit, err := s.resolveGit(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.openCommit(ctx, ref, commit)
}

// gitContent previews a git reference. A commit whose folder is known already
// costs one question to the server; simultaneous previews share one fetch.
func (s *Service) gitContent(ctx context.Context, text string) (*skills.Content, error) {
	ref, commit, err := s.resolveGit(ctx, text)
	if err != nil {
		return nil, err
	}
	etag := gitETag(ref, commit)
	if content, known := s.contents.Get(etag); known {
		s.counts.lookup(ctx, previewCache, true) // a miss is counted where it is read
		return content, nil
	}
	return share(ctx, s, "fetch "+etag, maxFetch, func(ctx context.Context) (*skills.Content, error) {
		src, err := s.openCommit(ctx, ref, commit)
		if err != nil {
			return nil, err
		}
		return s.preview(ctx, src)
	})
}

// openCommit opens the skill in the reference's folder at the commit. The files
// are fetched now, unless what they say is known: then when they are read.
func (s *Service) openCommit(ctx context.Context, ref git.Reference, commit string) (*source, error) {
	checkout := &checkout{git: s.Git, ref: ref, commit: commit, parent: s.TempDir}
	src := &source{
		reference: ref.String(),
		digest:    commit,
		etag:      gitETag(ref, commit),
		read:      checkout.read,
		close:     checkout.remove,
	}
	var known bool
	if src.summary, known = s.summaries.Get(src.etag); known {
		return src, nil
	}
	var err error
	if src.summary, err = checkout.summary(ctx); err != nil {
		checkout.remove()
		return nil, err
	}
	s.summaries.Add(src.etag, src.summary)
	return src, nil
}

// resolveGit parses a reference and returns the commit that it means: what the
// server says, unless the reference says it itself and its folder is known
// already.
func (s *Service) resolveGit(ctx context.Context, text string) (ref git.Reference, commit string, err error) {
	if ref, err = git.ParseReference(text); err != nil {
		return ref, "", err
	}
	if commit, written := ref.Commit(); written {
		known := s.summaries.Contains(gitETag(ref, commit))
		s.counts.lookup(ctx, commitCache, known)
		if known {
			return ref, commit, nil
		}
	}
	commit, err = s.Git.Resolve(ctx, ref)
	return ref, commit, err
}

// gitETag identifies the bytes of a folder at a commit.
func gitETag(ref git.Reference, commit string) string {
	return fmt.Sprintf("%s@%s#%s", ref.Repository(), commit, ref.Folder)
}

// checkout is the folder of a skill at one commit, fetched when it is first
// read into a folder of its own. It serves one request and is not safe for
// concurrent use.
type checkout struct {
	git    Git
	ref    git.Reference
	commit string
	// parent is where dir is made; dir is empty before the fetch.
	parent, dir string
}

// open fetches the files if that has not happened yet.
func (c *checkout) open(ctx context.Context) (*os.Root, error) {
	if c.dir == "" {
		dir, err := os.MkdirTemp(c.parent, "git-")
		if err != nil {
			return nil, fmt.Errorf("making a folder for %s: %w", c.ref, err)
		}
		if err := c.git.Fetch(ctx, c.ref, c.commit, dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		c.dir = dir
	}
	return os.OpenRoot(c.dir)
}

// remove deletes what was fetched.
func (c *checkout) remove() {
	if c.dir != "" {
		// What cannot be removed now goes when the daemon starts again.
		_ = os.RemoveAll(c.dir)
	}
}

// summary reads what the skill's frontmatter says.
func (c *checkout) summary(ctx context.Context) (summary, error) {
	root, err := c.open(ctx)
	if err != nil {
		return summary{}, err
	}
	defer func() { _ = root.Close() }()
	file, err := root.Open(skills.SkillFile)
	if err != nil {
		return summary{}, skills.Wrap(skills.Unprocessable, err, "%s has no %s at commit %s", c.ref, skills.SkillFile, c.commit)
	}
	defer func() { _ = file.Close() }()
	front, err := skills.ReadFrontmatter(file)
	if err == nil {
		err = skills.ValidateName(front.Name)
	}
	if err != nil {
		return summary{}, skills.Errorf(skills.Unprocessable, "%s: %w", c.ref, err)
	}
	return summary{
		name: front.Name, description: front.Description, version: front.Version,
		license: front.License, requires: front.Requires(),
	}, nil
}

// read visits the files of the skill.
func (c *checkout) read(ctx context.Context, visit visitFunc) error {
	root, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	files, err := skills.ListFiles(root)
	if err != nil {
		return skills.Errorf(skills.Unprocessable, "%s: %w", c.ref, err)
	}
	var size int64
	for _, file := range files {
		size += file.Size
	}
	meter := skills.NewMeter(ctx, skills.ActivityExtract, size)
	for _, file := range files {
		if err := visitFile(ctx, root, file, visit); err != nil {
			return err
		}
		meter.Add(file.Size)
	}
	return nil
}

func visitFile(ctx context.Context, root *os.Root, file skills.File, visit visitFunc) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := root.Open(filepath.FromSlash(file.Path))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return visit(file.Path, file.Size, f)
}
