// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

func TestExtractGivesBackWhatWasPacked(t *testing.T) {
	t.Parallel()
	dir := golden.Write(t, t.TempDir(), "wide-names")
	lease := scratch(t)
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, dir), lease)
	require.NoError(t, err)

	var paths []string
	err = oci.Extract(t.Context(), lease, artifact.Layer, func(path string, size int64, r io.Reader) error {
		got, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		assert.NoError(t, err)
		assert.Equal(t, string(want), string(got), path)
		assert.Len(t, got, int(size))
		paths = append(paths, path)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, artifact.Files, paths)
}

func TestExtractPassesOverFoldersAndUnreadFiles(t *testing.T) {
	t.Parallel()
	layer := archive(t,
		special(tar.TypeDir, "docs/"),
		file("SKILL.md", "x"), file("docs/Alpha.md", "A"), file("docs/alpha.md", "a"), file(".hidden", ""))
	var paths []string
	require.NoError(t, extract(t, layer, func(path string, _ int64, _ io.Reader) error {
		paths = append(paths, path)
		return nil
	}))
	assert.Equal(t, []string{"SKILL.md", "docs/Alpha.md", "docs/alpha.md", ".hidden"}, paths)
}

func TestExtractReturnsTheVisitorsError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	err := extract(t, archive(t, file("SKILL.md", "x")), func(string, int64, io.Reader) error { return full })
	assert.Equal(t, full, err)
}

func TestExtractTakesGzipInSeveralMembers(t *testing.T) {
	t.Parallel()
	plain := plainTar(t, file("SKILL.md", "x"))
	layer := append(compress(t, plain[:700]), compress(t, plain[700:])...)
	assert.NoError(t, extract(t, layer, ignore))
}

func TestExtractRefusesEntries(t *testing.T) {
	t.Parallel()
	skill := file("SKILL.md", "x")
	cases := map[string]struct {
		entries []item
		says    string
	}{
		"an absolute path":       {[]item{file("/etc/passwd", "")}, "/etc/passwd"},
		"a path that goes up":    {[]item{file("docs/../../x", "")}, "docs/../../x"},
		"a backslash":            {[]item{file(`..\x`, "")}, "backslash"},
		"a dot segment":          {[]item{file("./SKILL.md", "")}, "./SKILL.md"},
		"an empty segment":       {[]item{file("docs//x", "")}, "docs//x"},
		"no path":                {[]item{file("", "")}, "not plain"},
		"a path over 4096 bytes": {[]item{file(strings.Repeat("x/", 2100)+"x", "")}, "4096"},
		"a path not in UTF-8":    {[]item{{header: tar.Header{Typeflag: tar.TypeReg, Name: "a\xff", Format: tar.FormatGNU}}}, "UTF-8"},
		"a symbolic link":        {[]item{special(tar.TypeSymlink, "l")}, "symbolic link"},
		"a hard link":            {[]item{skill, special(tar.TypeLink, "l")}, "hard link"},
		"a device":               {[]item{special(tar.TypeChar, "null")}, "device"},
		"a FIFO":                 {[]item{special(tar.TypeFifo, "pipe")}, "FIFO"},
		"a global header":        {[]item{{header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}}}, "global header"},
		"an unknown type":        {[]item{special('Z', "z")}, "unknown type"},
		"two files of one path":  {[]item{skill, file("SKILL.md", "y")}, "two entries"},
		"a file that is a folder": {
			[]item{skill, file("docs/a.md", ""), file("docs", "")}, "docs",
		},
		"a folder that is a file": {
			[]item{skill, file("docs", ""), file("docs/a.md", "")}, "docs/a.md",
		},
		"two folders of one path": {
			[]item{skill, special(tar.TypeDir, "docs/"), special(tar.TypeDir, "docs/")}, "two entries",
		},
		"no SKILL.md":             {[]item{file("README.md", "")}, "no SKILL.md"},
		"SKILL.md a folder":       {[]item{special(tar.TypeDir, "SKILL.md/")}, "no SKILL.md"},
		"nothing":                 {nil, "no SKILL.md"},
		"1,001 files":             {append(many(oci.MaxFiles+1, tar.TypeReg), skill), "one file too many"},
		"folders without an end":  {append(many(oci.MaxFiles+1, tar.TypeDir), skill), "one folder too many"},
		"a file over 100 MiB":     {[]item{skill, {header: tar.Header{Typeflag: tar.TypeReg, Name: "big.bin", Size: oci.MaxFileSize + 1}}}, "big.bin"},
		"a path that reads badly": {[]item{file("a\x1b[2J/../b", "")}, `\x1b`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := extract(t, archive(t, c.entries...), ignore)
			require.Error(t, err)
			assert.Equal(t, skills.Unprocessable, skills.KindOf(err), "%v", err)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestExtractTakesAsManyFilesAsThePackagerDoes(t *testing.T) {
	t.Parallel()
	entries := append(many(oci.MaxFiles, tar.TypeReg), file("SKILL.md", "x"))
	assert.NoError(t, extract(t, archive(t, entries...), ignore))
}

func TestExtractRefusesSparseFiles(t *testing.T) {
	t.Parallel()
	sparse := file("SKILL.md", "1\n0\n0\n"+strings.Repeat("\x00", 506))
	sparse.header.PAXRecords = map[string]string{
		"XXX.sparse.major": "1", "XXX.sparse.minor": "0", "XXX.sparse.name": "SKILL.md", "XXX.sparse.realsize": "9999",
	}
	// The writer of archive/tar refuses the true keys.
	layer := bytes.ReplaceAll(plainTar(t, sparse), []byte("XXX.sparse"), []byte("GNU.sparse"))
	err := extract(t, compress(t, layer), ignore)
	require.ErrorContains(t, err, "sparse")
	assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)
}

func TestExtractBoundsWhatComesOut(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	layer := compressTo(t, func(w io.Writer) {
		archive := tar.NewWriter(w)
		for i := range 6 {
			require.NoError(t, archive.WriteHeader(&tar.Header{Name: fmt.Sprintf("big-%d", i), Size: oci.MaxFileSize}))
			for range oci.MaxFileSize / len(zeros) {
				_, err := archive.Write(zeros)
				require.NoError(t, err)
			}
		}
		require.NoError(t, archive.Close())
	})
	seen := 0
	err := extract(t, layer, func(string, int64, io.Reader) error {
		seen++
		return nil
	})
	require.ErrorContains(t, err, "big-5")
	assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)
	assert.Equal(t, 5, seen)
}

func TestExtractBoundsWhatFollowsTheArchive(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	layer := compressTo(t, func(w io.Writer) {
		_, err := w.Write(plainTar(t, file("SKILL.md", "x")))
		require.NoError(t, err)
		for range 540 {
			_, err := w.Write(zeros)
			require.NoError(t, err)
		}
	})
	err := extract(t, layer, ignore)
	require.ErrorContains(t, err, "532 MiB")
	assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)
}

func TestExtractRefusesMalformedLayers(t *testing.T) {
	t.Parallel()
	whole := archive(t, file("SKILL.md", strings.Repeat("random enough? ", 1000)))
	plain := plainTar(t, file("SKILL.md", "x"))
	cases := map[string][]byte{
		"empty":                  {},
		"no gzip":                []byte("PK\x03\x04 a zip file"),
		"gzip of no tar":         compress(t, bytes.Repeat([]byte("no tar"), 500)),
		"cut in the gzip":        whole[:len(whole)/2],
		"cut in the trailer":     whole[:len(whole)-3],
		"cut in a file":          compress(t, plain[:512]),
		"garbage after the gzip": append(bytes.Clone(whole), "garbage"...),
		"a wrong checksum":       append(bytes.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 0, 0, 0, 0),
	}
	for name, layer := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := extract(t, layer, drain)
			require.Error(t, err)
			assert.Equal(t, skills.Unprocessable, skills.KindOf(err), "%v", err)
		})
	}
}

func TestExtractPrefersTheArchivesFaultToTheVisitors(t *testing.T) {
	t.Parallel()
	cut := compress(t, plainTar(t, file("SKILL.md", "only this"))[:515])
	err := extract(t, cut, func(_ string, _ int64, r io.Reader) error {
		if _, err := io.ReadAll(r); err != nil {
			return errors.New("cannot write")
		}
		return nil
	})
	assert.ErrorContains(t, err, `malformed in "SKILL.md"`)
}

func TestExtractChecksTheDigest(t *testing.T) {
	t.Parallel()
	layer := archive(t, file("SKILL.md", "x"))
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, layer)
	other := bytes.Clone(layer)
	other[9]-- // the operating system, which nobody looks at
	for name, c := range map[string]struct {
		blob []byte
		want error
	}{
		"other bytes": {other, content.ErrMismatchedDigest},
		"too few":     {layer[:len(layer)-2], io.ErrUnexpectedEOF},
		"too many":    {append(bytes.Clone(layer), 'x'), content.ErrTrailingData},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := oci.Extract(t.Context(), serve(c.blob), desc, ignore)
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, skills.Internal, skills.KindOf(err))
		})
	}
}

func TestExtractEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	layer := archive(t, file("SKILL.md", "x"))
	cancel()
	err := oci.Extract(ctx, serve(layer), content.NewDescriptorFromBytes("", layer), ignore)
	assert.ErrorIs(t, err, context.Canceled)
}

// FuzzExtract looks for archives that make Extract panic, let a bad path
// through, or hand out more bytes than it says.
func FuzzExtract(f *testing.F) {
	f.Add(plainTar(f, file("SKILL.md", "x"), file("docs/a.md", "text")))
	f.Add(plainTar(f, special(tar.TypeDir, "docs/"), file("SKILL.md", "")))
	f.Add(plainTar(f, special(tar.TypeSymlink, "l")))
	f.Add(plainTar(f, file(strings.Repeat("long/", 60)+"名.md", "x")))
	f.Add([]byte("no tar"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		paths := map[string]bool{}
		err := extract(t, compress(t, plain), func(path string, size int64, r io.Reader) error {
			if !filepath.IsLocal(filepath.FromSlash(path)) || strings.ContainsAny(path, "\\\x00") || paths[path] {
				t.Fatalf("path %q let through", path)
			}
			paths[path] = true
			if n, err := io.Copy(io.Discard, r); err == nil && n != size {
				t.Fatalf("%q has %d bytes, not %d", path, n, size)
			}
			return nil
		})
		if err == nil && !paths["SKILL.md"] {
			t.Fatal("a layer without SKILL.md let through")
		}
		if err != nil && skills.KindOf(err) != skills.Unprocessable {
			t.Fatalf("%v is not Unprocessable", err)
		}
	})
}

// item is an entry of an archive.
type item struct {
	header tar.Header
	text   string
}

func file(path, text string) item {
	return item{header: tar.Header{Typeflag: tar.TypeReg, Name: path, Size: int64(len(text))}, text: text}
}

func special(kind byte, path string) item {
	return item{header: tar.Header{Typeflag: kind, Name: path, Linkname: "target"}}
}

// many returns count entries without content.
func many(count int, kind byte) []item {
	items := make([]item, count)
	for i := range items {
		items[i] = special(kind, fmt.Sprintf("entry-%04d", i))
	}
	return items
}

func plainTar(t testing.TB, items ...item) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, it := range items {
		require.NoError(t, w.WriteHeader(&it.header))
		_, err := io.WriteString(w, it.text)
		require.NoError(t, err)
	}
	_ = w.Close() // it minds an item with less text than its header says
	return buffer.Bytes()
}

func compressTo(t testing.TB, fill func(io.Writer)) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w, err := gzip.NewWriterLevel(&buffer, gzip.BestSpeed)
	require.NoError(t, err)
	fill(w)
	require.NoError(t, w.Close())
	return buffer.Bytes()
}

func compress(t testing.TB, plain []byte) []byte {
	t.Helper()
	return compressTo(t, func(w io.Writer) {
		_, err := w.Write(plain)
		require.NoError(t, err)
	})
}

func archive(t testing.TB, items ...item) []byte {
	t.Helper()
	return compress(t, plainTar(t, items...))
}

func extract(t testing.TB, layer []byte, visit func(string, int64, io.Reader) error) error {
	t.Helper()
	return oci.Extract(t.Context(), serve(layer), content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, layer), visit)
}

func ignore(string, int64, io.Reader) error { return nil }

func drain(_ string, _ int64, r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
