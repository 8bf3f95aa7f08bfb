// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/pkg/skills"
)

// maxTarSize bounds the uncompressed tar: all its files, and 32 MiB for their
// headers, padding, and whatever follows the end of the archive.
const maxTarSize = MaxUnpackedSize + 32<<20

// Extract unpacks a layer: it calls visit for each regular file in the order of
// the archive, with its path (relative, '/' separators, clean), its size in
// bytes and a reader of its bytes. What visit does not read is skipped. Folders
// are accepted and passed over.
//
// The bytes are not to be trusted before Extract has returned nil: digest and
// size of the layer are known to be right only at its end.
//
// It returns an Unprocessable error that names the entry for whatever ARTIFACT.md
// refuses: a bound passed (MaxFiles, MaxFileSize, MaxUnpackedSize), a path that
// is not clean and relative, two entries for one path, anything that is neither
// file nor folder, a malformed archive, a layer without SKILL.md. An error of
// visit is returned as it is; one of fetcher, and a wrong digest
// ([content.ErrMismatchedDigest]), is wrapped without a kind.
func Extract(ctx context.Context, fetcher content.Fetcher, layer ocispec.Descriptor, visit func(path string, size int64, r io.Reader) error) error {
	blob, err := fetcher.Fetch(ctx, layer)
	if err != nil {
		return fmt.Errorf("read layer %s: %w", layer.Digest, err)
	}
	defer func() { _ = blob.Close() }() // only read from

	metered := skills.NewMeter(ctx, skills.ActivityExtract, layer.Size).Reader(blob)
	verified := content.NewVerifyReader(metered, layer)
	source := &contextReader{ctx: ctx, r: verified}
	if err := unpack(source, visit); err != nil {
		if source.err != nil {
			return fmt.Errorf("read layer %s: %w", layer.Digest, source.err)
		}
		if skills.IsKind(err, skills.Unprocessable) && isDamaged(verified) {
			return fmt.Errorf("verify layer %s: %w", layer.Digest, content.ErrMismatchedDigest)
		}
		return err
	}
	if err := verified.Verify(); err != nil {
		return fmt.Errorf("verify layer %s: %w", layer.Digest, err)
	}
	return nil
}

// isDamaged reports whether what is wrong with a layer is not its maker's doing:
// whether its bytes, read to their end, are not those of its digest.
func isDamaged(layer *content.VerifyReader) bool {
	if _, err := io.Copy(io.Discard, layer); err != nil {
		return true
	}
	return layer.Verify() != nil
}

// unpack reads source to its end.
func unpack(source io.Reader, visit func(string, int64, io.Reader) error) error {
	compressed := bufio.NewReaderSize(source, 64<<10)
	plain, err := gzip.NewReader(compressed)
	if err != nil {
		return malformed(err)
	}
	bounded := &boundedReader{r: plain, left: maxTarSize, refusal: skills.Errorf(skills.Unprocessable,
		"the layer unpacks to over %d bytes (%d MiB)", int64(maxTarSize), maxTarSize>>20)}
	archive := tar.NewReader(bounded)
	var entries ledger
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return malformed(err)
		}
		if err := entries.add(header); err != nil {
			return err
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if err := visitFile(header, archive, &entries, visit); err != nil {
			return err
		}
	}
	if !entries.hasSkillFile() {
		return skills.Errorf(skills.Unprocessable, "the layer has no %s", skills.SkillFile)
	}
	// The digest covers what follows the archive's end, too.
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return malformed(err)
	}
	return nil
}

// visitFile hands one file to visit and skips what that leaves unread.
func visitFile(header *tar.Header, archive io.Reader, entries *ledger, visit func(string, int64, io.Reader) error) error {
	file := &fileReader{r: archive, path: header.Name, entries: entries}
	err := visit(header.Name, header.Size, file)
	if file.err != nil {
		return file.err
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, file)
	return err
}

// fileReader counts a file's bytes against the bounds as they come out.
type fileReader struct {
	r       io.Reader
	path    string
	size    int64
	entries *ledger
	err     error
}

// Read returns an Unprocessable error where the archive is malformed or a bound
// is passed.
func (f *fileReader) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.r.Read(p)
	f.size += int64(n)
	if f.err = f.entries.count(f.path, f.size, int64(n)); f.err != nil {
		return 0, f.err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = malformedEntry(f.path, err)
		return n, f.err
	}
	return n, err
}

// boundedReader returns its refusal once more than left bytes come out of r.
type boundedReader struct {
	r       io.Reader
	left    int64
	refusal error
}

// Read reads from r.
func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.refusal
	}
	return n, err
}

// malformed returns an error that has a kind as it is, and any other as a fault
// of the archive.
func malformed(err error) error {
	var kinded *skills.Error
	if errors.As(err, &kinded) {
		return err
	}
	return skills.Wrap(skills.Unprocessable, err, "the layer is not a well-formed gzip-compressed tar archive: %s", fault(err))
}

// malformedEntry is malformed for a fault inside of a file.
func malformedEntry(path string, err error) error {
	var kinded *skills.Error
	if errors.As(err, &kinded) {
		return err
	}
	return skills.Wrap(skills.Unprocessable, err, "the layer is malformed in %s: %s", quote(path), fault(err))
}

// fault says in a few words what is wrong with an archive.
func fault(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it ends too soon"
	}
	return strings.TrimPrefix(err.Error(), "archive/")
}

// quote makes a path from outside fit for a message.
func quote(path string) string {
	const most = 120
	if len(path) > most {
		return fmt.Sprintf("%q…", path[:most])
	}
	return fmt.Sprintf("%q", path)
}
