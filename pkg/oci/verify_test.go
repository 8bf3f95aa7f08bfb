// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/oci"
)

func verify(t *testing.T, dir string, repair bool) oci.Report {
	t.Helper()
	report, err := oci.Verify(t.Context(), dir, oci.VerifyOptions{Repair: repair})
	require.NoError(t, err)
	return report
}

func TestVerifyFindsNothingWrong(t *testing.T) {
	t.Parallel()
	t.Run("where nothing is", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, oci.Report{Problems: []oci.Problem{}}, verify(t, filepath.Join(t.TempDir(), "none"), false))
		assert.Equal(t, oci.Report{Problems: []oci.Problem{}}, verify(t, t.TempDir(), true))
	})
	t.Run("in a store", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		s.buildSkill(t, "the-skill", "", "v1")
		s.tagSample(t, "other", "other", "no skill")
		require.NoError(t, s.Close())
		report := verify(t, s.dir, false)
		assert.Equal(t, 2, report.Tags)
		assert.Equal(t, len(s.onDisk(t)), report.Blobs)
		assert.Positive(t, report.Bytes)
		assert.Zero(t, report.Strays+report.Unfinished)
		assert.Empty(t, report.Problems)
	})
}

func TestVerifyRefusesWhatIsNoStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant(t, dir, "notes.txt", "x")
	_, err := oci.Verify(t.Context(), dir, oci.VerifyOptions{Repair: true})
	require.ErrorContains(t, err, "is no OCI image layout")

	s := newStore(t)
	s.buildSkill(t, "the-skill", "", "v1")
	require.NoError(t, s.Close())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = oci.Verify(ctx, s.dir, oci.VerifyOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestVerifyAndRepair damages a store that has a good build, "kept", beside the
// one that suffers.
func TestVerifyAndRepair(t *testing.T) {
	t.Parallel()
	type damaged struct {
		testStore
		victim oci.Artifact
	}
	tests := map[string]struct {
		damage func(t *testing.T, s damaged)
		// kinds and says are what the report holds, and tags what is left then.
		kinds []string
		says  string
		tags  []string
	}{
		"a flipped layer": {
			damage: func(t *testing.T, s damaged) { flipByte(t, s.blobPath(s.victim.Layer.Digest)) },
			kinds:  []string{oci.ProblemBlob, oci.ProblemTag}, says: `the tag "victim" cannot be used: blob `, tags: []string{"kept"},
		},
		"a flipped index": {
			damage: func(t *testing.T, s damaged) { flipByte(t, s.blobPath(s.victim.Descriptor.Digest)) },
			kinds:  []string{oci.ProblemBlob, oci.ProblemTag}, says: "its bytes have another digest", tags: []string{"kept"},
		},
		"a missing config": {
			damage: func(t *testing.T, s damaged) { require.NoError(t, os.Remove(s.blobPath(s.victim.Config.Digest))) },
			kinds:  []string{oci.ProblemTag}, says: "is missing", tags: []string{"kept"},
		},
		"a size that is not so": {
			damage: func(t *testing.T, s damaged) {
				index := s.indexFile(t)
				index.Manifests[1].Size++
				writeIndex(t, s.dir, index)
			},
			kinds: []string{oci.ProblemTag}, says: "bytes instead of", tags: []string{"kept"},
		},
		"a mark on what is no skill": {
			damage: func(t *testing.T, s damaged) {
				index := s.indexFile(t)
				index.Manifests[1].Digest, index.Manifests[1].Size = s.victim.Config.Digest, s.victim.Config.Size
				index.Manifests[1].MediaType = s.victim.Config.MediaType
				writeIndex(t, s.dir, index)
			},
			kinds: []string{oci.ProblemTag}, says: "not a skill artifact", tags: []string{"kept"},
		},
		"a garbled index.json": {
			damage: func(t *testing.T, s damaged) { damageIndex(t, s.dir, []byte("{")) },
			kinds:  []string{oci.ProblemIndex}, says: "index.json is garbled", tags: []string{"kept", "victim"},
		},
		"no index.json": {
			damage: func(t *testing.T, s damaged) { damageIndex(t, s.dir, nil) },
			kinds:  []string{oci.ProblemIndex}, says: "index.json is missing", tags: []string{"kept", "victim"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := damaged{testStore: newStore(t)}
			s.buildSkill(t, "kept", "", "kept")
			desc := s.buildSkill(t, "victim", "", "victim")
			var err error
			l := s.Lease()
			s.victim, err = oci.ReadArtifact(t.Context(), l, desc)
			require.NoError(t, err)
			l.Release()
			require.NoError(t, s.Close())
			tt.damage(t, s)
			before := s.onDisk(t)

			found := verify(t, s.dir, false)
			assert.Equal(t, before, s.onDisk(t), "looking changes nothing")
			var kinds []string
			messages := ""
			for _, problem := range found.Problems {
				kinds = append(kinds, problem.Kind)
				messages += problem.Message + "\n"
				assert.Empty(t, problem.Repair)
			}
			assert.Equal(t, tt.kinds, kinds)
			assert.Contains(t, messages, tt.says)

			repaired := verify(t, s.dir, true)
			require.Len(t, repaired.Problems, len(found.Problems))
			for i, problem := range repaired.Problems {
				assert.Equal(t, found.Problems[i].Message, problem.Message)
				assert.NotEmpty(t, problem.Repair)
			}
			again := verify(t, s.dir, false)
			assert.Empty(t, again.Problems)
			assert.Zero(t, again.Strays)
			assert.Equal(t, len(before), len(s.onDisk(t))+len(s.quarantined(t)), "nothing is destroyed")
			assert.Equal(t, tt.tags, openStore(t, s.dir).tags())
		})
	}
}

// quarantined returns the names of the blobs in quarantine.
func (s testStore) quarantined(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "quarantine", "????????????????????????????????????????????????????????????????"))
	require.NoError(t, err)
	return names
}

func writeIndex(t *testing.T, dir string, index ocispec.Index) {
	t.Helper()
	text, err := json.Marshal(index)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.json"), text, 0o600))
}

func TestVerifyCountsWhatACrashLeaves(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.buildSkill(t, "kept", "", "kept")
	l := s.Lease()
	pushSample(t, l, "never tagged", "never tagged")
	dir := s.crashed(t)
	l.Release()
	plant(t, filepath.Join(dir, "ingest"), "x-1", "half a blob")
	plant(t, dir, "index.json.new", "half an index")

	report := verify(t, dir, false)
	assert.Empty(t, report.Problems, "they harm nobody")
	assert.Equal(t, 6, report.Strays)
	assert.Equal(t, 2, report.Unfinished)
	verify(t, dir, true)
	report = verify(t, dir, false)
	assert.Zero(t, report.Strays+report.Unfinished)
	assert.Equal(t, []string{"kept"}, openStore(t, dir).tags())
}

// A blob that is shared with a build that is sound stays where it is.
func TestRepairSparesWhatOthersNeed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	kept := s.tagSample(t, "kept", "kept", "shared")
	gone := s.tagSample(t, "gone", "gone", "shared")
	require.NoError(t, s.Close())
	require.NoError(t, os.Remove(s.blobPath(gone.configs[1].Digest)))
	verify(t, s.dir, true)
	assert.ElementsMatch(t, kept.digests(), s.onDisk(t))
	assert.Len(t, s.quarantined(t), 4)
	names, err := filepath.Glob(filepath.Join(s.dir, "quarantine", "index-*.json"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	text, err := os.ReadFile(names[0])
	require.NoError(t, err)
	assert.Contains(t, string(text), `"gone"`, "the index as it was")
}

// Another tool's root of an algorithm that we do not keep may need any blob.
func TestVerifyKeepsStraysBesideForeignRoots(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	made := s.tagSample(t, "v1", "a", "layer")
	require.NoError(t, s.Close())
	index := s.indexFile(t)
	index.Manifests[0].Digest = "sha512:" + made.index.Digest[7:] + made.index.Digest[7:]
	writeIndex(t, s.dir, index)
	report := verify(t, s.dir, true)
	assert.Empty(t, report.Problems)
	assert.Zero(t, report.Strays)
	assert.ElementsMatch(t, made.digests(), s.onDisk(t))
}
