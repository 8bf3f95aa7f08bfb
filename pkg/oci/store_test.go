// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
)

func TestOpenLaysOutAnOCIImageLayout(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	layout, err := os.ReadFile(filepath.Join(s.dir, "oci-layout"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"imageLayoutVersion":"1.0.0"}`, string(layout))
	index := s.indexFile(t)
	assert.Equal(t, 2, index.SchemaVersion)
	assert.Equal(t, ocispec.MediaTypeImageIndex, index.MediaType)
	assert.Empty(t, index.Manifests)
	assert.DirExists(t, filepath.Join(s.dir, "blobs", "sha256"))
}

func TestOpenRefusesWhatIsNoStore(t *testing.T) {
	t.Parallel()
	const empty = `{"schemaVersion":2,"manifests":[]}`
	root := func(descriptor string) string { return `{"schemaVersion":2,"manifests":[` + descriptor + `]}` }
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a folder of something else", map[string]string{"notes.txt": "x"}, `holds "notes.txt"`},
		{"an index without a layout", map[string]string{"index.json": root(`{"digest":"sha256:` + strings.Repeat("a", 64) + `"}`)}, "no oci-layout"},
		{"another version", map[string]string{"oci-layout": `{"imageLayoutVersion":"2.0.0"}`, "index.json": empty}, `version "2.0.0"`},
		{"a garbled layout", map[string]string{"oci-layout": "x", "index.json": empty}, "oci-layout is garbled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range tt.files {
				plant(t, dir, name, text)
			}
			_, err := oci.Open(dir, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, tt.want)
			for name, text := range tt.files {
				got, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				assert.Equal(t, text, string(got), "%s is touched", name)
			}
		})
	}
}

func TestOpenCompletesALayoutThatACrashCutShort(t *testing.T) {
	t.Parallel()
	whole := newStore(t)
	index, err := os.ReadFile(filepath.Join(whole.dir, "index.json"))
	require.NoError(t, err)
	for name, files := range map[string]map[string]string{
		"before the index":   {"index.json.new": "{"},
		"before the layout":  {"index.json": string(index)},
		"within the layout":  {"index.json": string(index), "oci-layout.new": "{"},
		"before the folders": {"index.json": string(index), "oci-layout": `{"imageLayoutVersion":"1.0.0"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range files {
				plant(t, dir, name, text)
			}
			s := openStore(t, dir)
			s.tagSample(t, "v1", "a", "layer")
			assert.Equal(t, []string{"v1"}, s.reopen(t).tags())
		})
	}
}

func TestTagIsKeptWithItsAnnotations(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.lease(t)
	made := pushSample(t, l, "a", "layer")
	desc := made.index
	desc.Annotations = map[string]string{marker: "true", "note": "<&>"}
	require.NoError(t, l.Tag(t.Context(), desc, "ghcr.io/org/a:v1"))
	desc.Annotations[marker] = "changed by the caller afterwards"
	want := map[string]string{marker: "true", "note": "<&>", ocispec.AnnotationRefName: "ghcr.io/org/a:v1"}

	check := func(t *testing.T, s testStore) {
		got, err := s.lease(t).Resolve(t.Context(), "ghcr.io/org/a:v1")
		require.NoError(t, err)
		assert.Equal(t, want, got.Annotations)
		assert.Equal(t, made.index.MediaType, got.MediaType)
		assert.Equal(t, made.index.Digest, got.Digest)
		assert.Equal(t, made.index.Size, got.Size)
		got.Annotations["mine"] = "a resolved descriptor is the caller's own"
		for tagged := range s.Tagged() {
			assert.Equal(t, want, tagged.Annotations)
		}
	}
	check(t, s)
	check(t, s.reopen(t))
	manifest, err := os.ReadFile(s.blobPath(made.index.Digest))
	require.NoError(t, err)
	assert.NotContains(t, string(manifest), marker)
}

func TestTagsAreSortedInTheStoreAndOnDisk(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, tag := range []string{"v2", "b", "A", "v10", "a/b:c", "é", "v2.0"} {
		s.tagSample(t, tag, tag, "layer")
	}
	want := []string{"A", "a/b:c", "b", "v10", "v2", "v2.0", "é"}
	assert.Equal(t, want, s.tags())
	onDisk := []string{}
	for _, desc := range s.indexFile(t).Manifests {
		onDisk = append(onDisk, desc.Annotations[ocispec.AnnotationRefName])
	}
	assert.Equal(t, want, onDisk)
	assert.Equal(t, want, s.reopen(t).tags())
}

func TestGenerationRisesWithEveryChangeOfTheTags(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	first := s.Generation()
	s.tagSample(t, "v1", "a", "layer")
	second := s.Generation()
	assert.Greater(t, second, first)
	s.tagSample(t, "v1", "a", "layer")
	assert.Equal(t, second, s.Generation(), "the same tag again changes nothing")
	require.NoError(t, s.Untag(t.Context(), "v1"))
	third := s.Generation()
	assert.Greater(t, third, second)
	require.ErrorIs(t, s.Untag(t.Context(), "v1"), errdef.ErrNotFound)
	assert.Equal(t, third, s.Generation())
}

func TestTagRefuses(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.lease(t)
	made := pushSample(t, l, "a", "layer")
	absent := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, []byte("{}"))
	weak := made.index
	weak.Digest = "sha512:" + made.index.Digest[len("sha256:"):] + made.index.Digest[len("sha256:"):]
	short := made.index
	short.Size--
	noManifest := made.layer
	noManifest.MediaType = ocispec.MediaTypeImageManifest
	noChild, err := commitBlob(l, ocispec.MediaTypeImageIndex, []byte(`{"manifests":[{"mediaType":"`+absent.MediaType+`","digest":"`+absent.Digest.String()+`","size":2}]}`))
	require.NoError(t, err)
	tests := []struct {
		name string
		desc ocispec.Descriptor
		tag  string
		is   error
		says string
	}{
		{"a manifest that is not there", absent, "t", errdef.ErrNotFound, absent.Digest.String()},
		{"another digest algorithm", weak, "t", errdef.ErrInvalidDigest, "sha256"},
		{"a wrong size", short, "t", nil, "instead of"},
		{"a layer that poses as a manifest", noManifest, "t", nil, "is not a manifest"},
		{"an index without its manifest", noChild, "t", errdef.ErrNotFound, absent.Digest.String()},
		{"no tag", made.index, "", errdef.ErrMissingReference, made.index.Digest.String()},
		{"a tag that is not text", made.index, "a\xff", errdef.ErrInvalidReference, "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := l.Tag(t.Context(), tt.desc, tt.tag)
			require.ErrorContains(t, err, tt.says)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			assert.Empty(t, s.tags())
		})
	}
}

func TestUntagRefusesUnknownTags(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.tagSample(t, "v1", "a", "layer")
	for _, tag := range []string{"", "v", "v2"} {
		err := s.Untag(t.Context(), tag)
		require.ErrorIs(t, err, errdef.ErrNotFound)
		assert.ErrorContains(t, err, `"`+tag+`"`)
	}
	assert.Equal(t, []string{"v1"}, s.tags())
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "layer")
	l := s.lease(t)
	byDigest, err := l.Resolve(t.Context(), made.index.Digest.String())
	require.NoError(t, err)
	assert.Equal(t, made.index, byDigest, "a root's digest gives its plain descriptor")
	layer, err := l.Resolve(t.Context(), made.layer.Digest.String())
	require.NoError(t, err)
	assert.Equal(t, made.layer.Size, layer.Size)
	assert.Equal(t, "application/octet-stream", layer.MediaType)
	for _, reference := range []string{"", "v2", "V1", "../../index.json", "sha256:" + strings.Repeat("0", 64)} {
		_, err := l.Resolve(t.Context(), reference)
		assert.ErrorIs(t, err, errdef.ErrNotFound, reference)
	}
}

func TestTagWhoseCallerHasLeftBeforehandDoesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.Lease()
	made := pushSample(t, l, "a", "layer")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Tag(ctx, made.index, "v1"), context.Canceled)
	l.Release()
	s.settle(t)
	assert.Empty(t, s.tags())
	assert.Empty(t, s.onDisk(t))
	require.ErrorIs(t, s.Untag(ctx, "v1"), context.Canceled)
}

func TestFailedIndexWriteChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	full := errors.New("no space left on device")
	failing := false
	s.FailIndexWrites(func() error {
		if failing {
			return full
		}
		return nil
	})
	kept := s.tagSample(t, "kept", "kept", "kept layer")
	generation := s.Generation()

	failing = true
	l := s.Lease()
	made := pushSample(t, l, "new", "new layer")
	require.ErrorIs(t, l.Tag(t.Context(), made.index, "new"), full)
	require.ErrorIs(t, l.Tag(t.Context(), made.index, "kept"), full)
	require.ErrorIs(t, s.Untag(t.Context(), "kept"), full)
	assert.Equal(t, []string{"kept"}, s.tags())
	assert.Equal(t, generation, s.Generation())
	assert.Equal(t, kept.index.Digest, s.indexFile(t).Manifests[0].Digest)

	failing = false
	l.Release()
	s.settle(t)
	assert.ElementsMatch(t, kept.digests(), s.onDisk(t), "what the refused tags would have needed is collected")
	again := s.tagSample(t, "new", "new", "new layer")
	assert.Equal(t, []string{"kept", "new"}, s.reopen(t).tags())
	assert.Equal(t, made.index, again.index)
}

// The folder of the store is somebody's disk: writing to it may really fail.
func TestTagReportsAnIndexThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.lease(t)
	made := pushSample(t, l, "a", "layer")
	obstacle := filepath.Join(s.dir, "index.json.new")
	plant(t, obstacle, "in the way", "")
	err := l.Tag(t.Context(), made.index, "v1")
	require.ErrorContains(t, err, "writing the index of the store")
	assert.Empty(t, s.tags())
	require.NoError(t, os.RemoveAll(obstacle))
	require.NoError(t, l.Tag(t.Context(), made.index, "v1"))
	assert.Equal(t, []string{"v1"}, s.reopen(t).tags())
}

func TestStoreRefusesWorkAfterClose(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := s.Lease()
	made := pushSample(t, l, "a", "layer")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Error(t, l.Tag(t.Context(), made.index, "v1"))
	require.Error(t, s.Untag(t.Context(), "v1"))
	_, err := l.Create()
	require.Error(t, err)
	l.Release()
}

// Other tools may have put roots into the index that this store would not
// write; they are neither lost nor shown.
func TestRootsOfOtherToolsSurvive(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "layer")
	require.NoError(t, s.Close())

	index := s.indexFile(t)
	untagged := made.manifests[0]
	opaque := ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageManifest, Size: 2, Digest: "sha512:" + made.index.Digest[7:] + made.index.Digest[7:],
		Annotations: map[string]string{ocispec.AnnotationRefName: "strange"},
	}
	index.Manifests = append(index.Manifests, opaque, untagged)
	text, err := json.MarshalIndent(index, "", "  ")
	require.NoError(t, err)
	plant(t, s.dir, "index.json", string(text))

	s = openStore(t, s.dir)
	assert.Equal(t, []string{"strange", "v1"}, s.tags())
	s.settle(t)
	_, err = s.lease(t).Resolve(t.Context(), "strange")
	require.ErrorIs(t, err, errdef.ErrInvalidDigest)
	require.ErrorIs(t, s.Untag(t.Context(), ""), errdef.ErrNotFound)
	require.NoError(t, s.Untag(t.Context(), "v1"))
	assert.ElementsMatch(t, []digest.Digest{made.manifests[0].Digest, made.configs[0].Digest, made.layer.Digest}, s.onDisk(t),
		"what the root without a tag needs is kept")
	s.tagSample(t, "v2", "b", "layer")
	assert.Len(t, s.indexFile(t).Manifests, 3)
	assert.Equal(t, []string{"strange", "v2"}, s.reopen(t).tags())
}

func TestOpenReadsAnIndexOfAnyForm(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	a, b := s.tagSample(t, "a", "a", "layer a"), s.tagSample(t, "b", "b", "layer b")
	require.NoError(t, s.Close())
	own, err := os.ReadFile(filepath.Join(s.dir, "index.json"))
	require.NoError(t, err)
	index := s.indexFile(t)
	index.Annotations = map[string]string{"note": "x"}
	compact, err := json.Marshal(index)
	require.NoError(t, err)
	again := index.Manifests[0]
	again.Digest, again.Size = b.index.Digest, b.index.Size
	index.Manifests = append(index.Manifests, again)
	twice, err := json.MarshalIndent(index, "", "\t")
	require.NoError(t, err)
	for _, tt := range []struct {
		name, text string
		rootOfA    digest.Digest
	}{
		{"ours", string(own), a.index.Digest},
		{"ours with its lines broken", strings.ReplaceAll(string(own), `,"`, ",\n\""), a.index.Digest},
		{"compact", string(compact), a.index.Digest},
		{"indented, with a tag twice", string(twice), b.index.Digest},
	} {
		plant(t, s.dir, "index.json", tt.text)
		s := openStore(t, s.dir)
		assert.Equal(t, []string{"a", "b"}, s.tags(), tt.name)
		for desc := range s.Tagged() {
			assert.True(t, s.settle(t).Has(desc), tt.name)
		}
		desc, err := s.lease(t).Resolve(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, tt.rootOfA, desc.Digest, tt.name)
		require.NoError(t, s.Close())
	}
}

func TestOrasCopiesFromStoreToStore(t *testing.T) {
	t.Parallel()
	from, to := newStore(t), newStore(t)
	made := from.tagSample(t, "v1", "a", "layer")
	l := to.Lease()
	desc, err := oras.Copy(t.Context(), from.lease(t), "v1", l, "copy", oras.DefaultCopyOptions)
	require.NoError(t, err)
	assert.Equal(t, made.index.Digest, desc.Digest)
	l.Release()
	assert.True(t, to.settle(t).Has(made.index))
	assert.ElementsMatch(t, made.digests(), to.onDisk(t))
}

func TestSkopeoReadsTheStore(t *testing.T) {
	t.Parallel()
	skopeo, err := exec.LookPath("skopeo")
	if err != nil {
		t.Skip("skopeo is not installed")
	}
	s := newStore(t)
	made := s.tagSample(t, "v1.0", "a", "layer")
	out, err := exec.CommandContext(t.Context(), skopeo, "inspect", "--raw", "oci:"+s.dir+":v1.0").CombinedOutput()
	require.NoError(t, err, string(out))
	r, err := s.lease(t).Fetch(t.Context(), made.index)
	require.NoError(t, err)
	want, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Equal(t, string(want), string(out))
	out, err = exec.CommandContext(t.Context(), skopeo, "inspect", "--override-arch", "arm64", "oci:"+s.dir+":v1.0").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), made.layer.Digest.String())
}
