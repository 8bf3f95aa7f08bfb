// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

// fileMode is the mode of every file in a layer.
const fileMode = 0o644

// tarball writes the files of a folder as the tar of ARTIFACT.md, "Layer".
type tarball struct {
	w     *tar.Writer
	epoch time.Time
	// others is how many bytes the files besides SKILL.md have come to.
	others int64
	buffer []byte
}

// writeTar writes the whole folder to w.
func writeTar(ctx context.Context, w io.Writer, f folder, epoch time.Time) error {
	t := tarball{w: tar.NewWriter(w), epoch: epoch, buffer: make([]byte, 64<<10)}
	for _, file := range f.files {
		if err := t.add(ctx, f, file.Path); err != nil {
			return err
		}
	}
	return t.w.Close()
}

// add writes one file, with the size that it has now that it is open.
func (t *tarball) add(ctx context.Context, f folder, path string) error {
	file, before, err := openFile(f.root, path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read from
	if path == skills.SkillFile && !unchanged(f.skillFile, before) {
		return changed(path)
	}
	if err := t.bound(path, before.Size()); err != nil {
		return err
	}
	if err := t.w.WriteHeader(&tar.Header{
		Format:   tar.FormatPAX,
		Typeflag: tar.TypeReg,
		Name:     path,
		Mode:     fileMode,
		Size:     before.Size(),
		ModTime:  t.epoch,
	}); err != nil {
		return err
	}
	source := &contextReader{ctx: ctx, r: io.LimitReader(file, before.Size())}
	written, err := io.CopyBuffer(writerOnly{t.w}, source, t.buffer)
	if source.err != nil {
		return unreadable(path, source.err)
	}
	if err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return unreadable(path, err)
	}
	if written != before.Size() || !unchanged(before, after) {
		return changed(path)
	}
	return nil
}

// bound counts a file against the limits of a skill.
func (t *tarball) bound(path string, size int64) error {
	if size > MaxFileSize {
		return skills.Errorf(skills.Unprocessable, "%s has %d bytes; at most %d (100 MiB) are allowed in a file", path, size, MaxFileSize)
	}
	if path == skills.SkillFile {
		return nil
	}
	if t.others += size; t.others > skills.MaxTotalSize {
		return skills.Errorf(skills.Unprocessable, "with %s (%d bytes) the skill's files come to %d bytes; at most %d (95 MiB) are allowed besides %s",
			path, size, t.others, skills.MaxTotalSize, skills.SkillFile)
	}
	return nil
}

// contextReader ends with the context, and keeps what r failed with, so that a
// failure to read can be told from a failure to write.
type contextReader struct {
	ctx context.Context
	r   io.Reader
	err error
}

// Read reads from r unless the context has ended.
func (c *contextReader) Read(p []byte) (int, error) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// writerOnly hides the methods that would make io.CopyBuffer ignore its buffer.
type writerOnly struct{ io.Writer }
