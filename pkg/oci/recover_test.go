// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/pkg/oci"
)

// buildSkill packages a real skill and tags it as a local build.
func (s testStore) buildSkill(t testing.TB, name, text, tag string) ocispec.Descriptor {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	plant(t, dir, "SKILL.md", "---\nname: "+name+"\ndescription: What it does.\nversion: 1.0.0\n---\n"+text)
	l := s.Lease()
	defer l.Release()
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, dir), l)
	require.NoError(t, err)
	desc := artifact.Descriptor
	desc.Annotations = map[string]string{oci.AnnotationLocalBuild: "true", oci.KeyName: name, oci.KeyDescription: "What it does.", oci.KeyVersion: "1.0.0"}
	require.NoError(t, l.Tag(t.Context(), desc, tag))
	return artifact.Descriptor
}

// damageIndex puts bytes into the place of index.json, or removes it.
func damageIndex(t testing.TB, dir string, content []byte) {
	t.Helper()
	file := filepath.Join(dir, "index.json")
	if content == nil {
		require.NoError(t, os.Remove(file))
		return
	}
	require.NoError(t, os.WriteFile(file, content, 0o600))
}

func TestOpenMakesAGarbledIndexAnew(t *testing.T) {
	t.Parallel()
	const root = `{"schemaVersion":2,"manifests":[{"digest":"sha256:../../x"}]}`
	tests := map[string]func(whole []byte) []byte{
		"gone":      func([]byte) []byte { return nil },
		"empty":     func([]byte) []byte { return []byte{} },
		"truncated": func(whole []byte) []byte { return whole[:len(whole)*2/3] },
		"garbage":   func([]byte) []byte { return []byte("\x00\xffgarbage") },
		"zeros":     func(whole []byte) []byte { return make([]byte, len(whole)) },
		"no index":  func([]byte) []byte { return []byte(`{}`) },
		"a manifest": func([]byte) []byte {
			return []byte(`{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageManifest + `"}`)
		},
		"a root whose digest is path": func([]byte) []byte { return []byte(root) },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			for _, tag := range []string{"ghcr.io/org/one:v1", "one", "two"} {
				s.buildSkill(t, "the-skill", "text of "+tag, tag)
			}
			s.tagSample(t, "ghcr.io/org/other:v1", "other", "no skill")
			before := s.indexFile(t)
			require.NoError(t, s.Close())
			whole, err := os.ReadFile(filepath.Join(s.dir, "index.json"))
			require.NoError(t, err)
			bad := damage(whole)
			damageIndex(t, s.dir, bad)

			s = openStore(t, s.dir)
			s.settle(t)
			assert.Equal(t, before, s.indexFile(t), "after an orderly end nothing is lost")
			assert.Contains(t, s.log.String(), "index.json cannot be used; it is made anew")
			aside, err := filepath.Glob(filepath.Join(s.dir, "index.json.garbled-*"))
			require.NoError(t, err)
			if bad == nil {
				assert.Empty(t, aside)
				return
			}
			require.Len(t, aside, 1)
			kept, err := os.ReadFile(aside[0])
			require.NoError(t, err)
			assert.Equal(t, bad, kept, "what was garbled is kept as it was")
			assert.Contains(t, s.log.String(), filepath.Base(aside[0]))
		})
	}
}

// crashed returns a copy of the store's folder, as a crash at this moment
// would leave it.
func (s testStore) crashed(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.CopyFS(dir, os.DirFS(s.dir)))
	return dir
}

func TestGarbledIndexAfterACrash(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, dir string) testStore {
		s := openStore(t, dir)
		s.settle(t)
		return s
	}
	t.Run("the last build is found by its name", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.buildSkill(t, "first-skill", "", "v1")
		last := s.buildSkill(t, "last-skill", "", "v2")
		dir := s.crashed(t)
		damageIndex(t, dir, []byte("{"))
		s = open(t, dir)
		assert.Equal(t, []string{"last-skill", "v1"}, s.tags())
		assert.Contains(t, s.log.String(), `an artifact without a tag is kept; which tag it had, and whether it was built or pulled, is lost" tag=last-skill digest=`+last.Digest.String())
		got, err := s.lease(t).Resolve(t.Context(), "last-skill")
		require.NoError(t, err)
		assert.Equal(t, "true", got.Annotations[oci.AnnotationLocalBuild])
		assert.Equal(t, "1.0.0", got.Annotations[oci.KeyVersion])
	})
	t.Run("the last build of a tag that was there keeps its tag", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.buildSkill(t, "the-skill", "old", "v1")
		last := s.buildSkill(t, "the-skill", "new", "v1")
		dir := s.crashed(t)
		damageIndex(t, dir, []byte("{"))
		s = open(t, dir)
		assert.Equal(t, []string{"v1"}, s.tags())
		got := s.indexFile(t).Manifests[0]
		assert.Equal(t, last.Digest, got.Digest)
		assert.Equal(t, "true", got.Annotations[oci.AnnotationLocalBuild])
		assert.Equal(t, "the-skill", got.Annotations[oci.KeyName])
	})
	t.Run("a tag that was deleted stays so", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.buildSkill(t, "kept-skill", "", "kept-skill")
		s.buildSkill(t, "gone-skill", "", "gone-skill")
		require.NoError(t, s.Untag(t.Context(), "gone-skill"))
		dir := s.crashed(t)
		damageIndex(t, dir, []byte("{"))
		s = open(t, dir)
		assert.Equal(t, []string{"kept-skill"}, s.tags())
		assert.Contains(t, s.log.String(), `a tag does not come back: its artifact is gone, so that it was deleted or moved by the last change" tag=gone-skill`)
	})
	t.Run("without the index before, all skills are kept, and none passes for a build", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		one := s.buildSkill(t, "same-name", "one", "v1")
		two := s.buildSkill(t, "same-name", "two", "v2")
		other := s.tagSample(t, "other", "other", "no skill")
		dir := s.crashed(t)
		damageIndex(t, dir, []byte("{"))
		require.NoError(t, os.Remove(filepath.Join(dir, "index.json.previous")))
		s = open(t, dir)
		require.Len(t, s.tags(), 2)
		for _, tag := range s.tags() {
			assert.True(t, strings.HasPrefix(tag, "recovered-"), tag)
			got, err := s.lease(t).Resolve(t.Context(), tag)
			require.NoError(t, err)
			assert.NotContains(t, got.Annotations, oci.AnnotationLocalBuild)
		}
		var kept []string
		for _, desc := range s.indexFile(t).Manifests {
			kept = append(kept, desc.Digest.String())
		}
		assert.ElementsMatch(t, []string{one.Digest.String(), two.Digest.String(), other.index.Digest.String()}, kept)
		assert.FileExists(t, filepath.Join(dir, "blobs", "sha256", other.layer.Digest.Encoded()))
		assert.Contains(t, s.log.String(), "an artifact that is no skill is kept without a tag")
	})
	t.Run("half an artifact is no artifact", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		whole := s.buildSkill(t, "whole-skill", "", "whole-skill")
		half := s.buildSkill(t, "half-skill", "", "half-skill")
		dir := s.crashed(t)
		damageIndex(t, dir, nil)
		require.NoError(t, os.Remove(filepath.Join(dir, "index.json.previous")))
		artifact, err := oci.ReadArtifact(t.Context(), s.lease(t), half)
		require.NoError(t, err)
		require.NoError(t, os.Remove(filepath.Join(dir, "blobs", "sha256", artifact.Layer.Digest.Encoded())))
		s = open(t, dir)
		assert.Equal(t, []string{"recovered-" + whole.Digest.Encoded()[:12]}, s.tags())
		assert.NoFileExists(t, s.blobPath(half.Digest), "the rest of it is garbage")
		assert.FileExists(t, s.blobPath(whole.Digest))
		assert.Contains(t, s.log.String(), "a manifest without a tag is not whole")
	})
}

func TestOpenLeavesAnIndexAloneThatItCannotRead(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.tagSample(t, "v1", "a", "layer")
	require.NoError(t, s.Close())
	file := filepath.Join(s.dir, "index.json")
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Mkdir(file, 0o750)) // whoever is root cannot read that either
	_, err := oci.Open(s.dir, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "reading index.json")
	assert.DirExists(t, file)
}

// TestMendedByBuildingAgain damages each blob of a build in turn.
func TestMendedByBuildingAgain(t *testing.T) {
	t.Parallel()
	damages := map[string]func(t *testing.T, file string){
		"gone":      func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"flipped":   flipByte,
		"truncated": func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 10)) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			folder := openRoot(t, golden.Write(t, t.TempDir(), "release-notes"))
			build := func() oci.Artifact {
				l := s.Lease()
				defer l.Release()
				artifact, err := oci.Packager{}.Package(t.Context(), folder, l)
				require.NoError(t, err)
				require.NoError(t, l.Tag(t.Context(), artifact.Descriptor, "v1"))
				return artifact
			}
			made := build()
			for _, d := range s.onDisk(t) {
				damage(t, s.blobPath(d))
				assert.Equal(t, made.Descriptor, build().Descriptor)
				report, err := oci.Verify(t.Context(), s.dir, oci.VerifyOptions{})
				require.NoError(t, err)
				assert.Empty(t, report.Problems, "blob %s", d)
			}
		})
	}
}

// flipByte changes one byte in the middle of a file.
func flipByte(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	content[len(content)/2] ^= 1
	require.NoError(t, os.WriteFile(file, content, 0o600))
}
