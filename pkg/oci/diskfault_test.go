// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// diskFailures are what a disk may refuse, and what the caller then reads.
var diskFailures = map[string]struct {
	err  error
	says string
}{
	"no space left":     {syscall.ENOSPC, "the disk of the store is full; free some space and try again"},
	"quota used up":     {syscall.EDQUOT, "the disk of the store is full; free some space and try again"},
	"permission lost":   {syscall.EACCES, "the store may not be changed: its folder is read-only or belongs to somebody else; give skilld access to it and try again"},
	"read-only disk":    {syscall.EROFS, "the store may not be changed: its folder is read-only or belongs to somebody else; give skilld access to it and try again"},
	"input/output":      {syscall.EIO, "the disk of the store fails to read or write; check the disk and try again"},
	"no error we named": {syscall.EXDEV, ""},
}

// faultyStore is a store whose disk can be made to fail.
type faultyStore struct {
	testStore
	// failing is what fails at the moment.
	failing atomic.Pointer[fault]
}

// step is what is done to a file, and how the file's name begins.
type step struct{ does, name string }

type fault struct {
	step
	err error
	// happened counts the failures.
	happened atomic.Int32
}

func openFaulty(t *testing.T) *faultyStore {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	first := openStore(t, dir)
	first.tagSample(t, "kept", "kept", "layer of kept")
	require.NoError(t, first.Close())

	s := &faultyStore{testStore: testStore{dir: dir, log: &bytes.Buffer{}}}
	var err error
	s.Store, err = oci.OpenFailing(dir, slog.New(slog.NewTextHandler(s.log, nil)), func(step, name string) error {
		f := s.failing.Load()
		if f == nil || f.does != step || !strings.HasPrefix(name, f.name) {
			return nil
		}
		f.happened.Add(1)
		return &fs.PathError{Op: step, Path: "/secret/" + name, Err: f.err}
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	s.settle(t)
	return s
}

// TestFailingDisk makes each step of a build fail in each way.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	steps := map[string]step{
		"creating a blob":                  {"create", "ingest/"},
		"writing a blob":                   {"write", "ingest/"},
		"fsync of a blob":                  {"sync", "ingest/"},
		"renaming a blob":                  {"rename", "blobs/"},
		"fsync of the blobs' folder":       {"sync folder", "."},
		"creating the index":               {"create", "index.json"},
		"writing the index":                {"write", "index.json"},
		"fsync of the index":               {"sync", "index.json"},
		"renaming the index":               {"rename", "index.json"},
		"fsync of the folder of the index": {"sync folder", "."},
	}
	for what, at := range steps {
		for how, failure := range diskFailures {
			t.Run(what+": "+how, func(t *testing.T) {
				t.Parallel()
				s := openFaulty(t)
				before := s.onDisk(t)
				f := &fault{step: at, err: failure.err}
				s.failing.Store(f)
				l := s.Lease()
				made, err := tryPushSample(t.Context(), l, "new", "layer of new")
				if err == nil {
					err = l.Tag(t.Context(), made.index, "new")
				}
				l.Release()
				require.Positive(t, f.happened.Load())
				assertDiskError(t, err, failure.err, failure.says)

				s.failing.Store(nil)
				assert.Equal(t, []string{"kept"}, s.tags(), "nothing of it has happened")
				assert.ElementsMatch(t, before, s.onDisk(t))
				s.tagSample(t, "other", "other", "layer of other")
				require.NoError(t, s.Close())
				assertSound(t, s.dir)
				assert.Equal(t, []string{"kept", "other"}, openStore(t, s.dir).tags(), "the store opens and works again")
			})
		}
	}
}

// assertDiskError checks what the caller reads, and that the log can tell why.
func assertDiskError(t *testing.T, err, cause error, says string) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	var known *skills.Error
	if says == "" {
		assert.Equal(t, skills.Internal, skills.KindOf(err), "an error that we cannot explain is ours")
		return
	}
	require.ErrorAs(t, err, &known)
	assert.Equal(t, skills.Unavailable, known.Kind)
	assert.Equal(t, says, known.Message)
	var path *fs.PathError
	assert.ErrorAs(t, errors.Unwrap(known), &path)
}

// assertSound checks a store that nobody uses.
func assertSound(t *testing.T, dir string) {
	t.Helper()
	report, err := oci.Verify(t.Context(), dir, oci.VerifyOptions{})
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
}

func TestFailingDiskOnDelete(t *testing.T) {
	t.Parallel()
	t.Run("of the index", func(t *testing.T) {
		t.Parallel()
		s := openFaulty(t)
		s.failing.Store(&fault{step: step{"rename", "index.json"}, err: syscall.ENOSPC})
		assertDiskError(t, s.Untag(t.Context(), "kept"), syscall.ENOSPC, "the disk of the store is full; free some space and try again")
		s.failing.Store(nil)
		assert.Equal(t, []string{"kept"}, s.tags())
		require.NoError(t, s.Close())
		assertSound(t, s.dir)
	})
	t.Run("of the blobs", func(t *testing.T) {
		t.Parallel()
		s := openFaulty(t)
		stuck := s.onDisk(t)[0]
		s.failing.Store(&fault{step: step{"remove", stuck.Encoded()}, err: syscall.EACCES})
		require.NoError(t, s.Untag(t.Context(), "kept"), "the tag is gone; its blobs are only garbage")
		assert.Empty(t, s.tags())
		assert.Equal(t, []digest.Digest{stuck}, s.onDisk(t))
		assert.Contains(t, s.log.String(), "a blob that nothing refers to cannot be deleted")
		s.failing.Store(nil)
		require.NoError(t, s.Close())
		again := openStore(t, s.dir)
		again.settle(t)
		assert.Empty(t, again.onDisk(t))
	})
}

// Not to have an older index to recover from is no reason to fail.
func TestIndexIsWrittenWhereItCannotBeLinked(t *testing.T) {
	t.Parallel()
	for _, f := range []*fault{{step: step{"link", ""}, err: syscall.EPERM}, {step: step{"remove", "index.json.previous"}, err: syscall.EIO}} {
		s := openFaulty(t)
		s.failing.Store(f)
		s.tagSample(t, "new", "new", "layer of new")
		require.Positive(t, f.happened.Load())
		s.failing.Store(nil)
		assert.Equal(t, []string{"kept", "new"}, s.tags())
	}
}

func TestOpenFailsWhereTheIndexCannotBeMadeAnew(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]step{
		"set aside": {"rename", "index.json.garbled"},
		"written":   {"write", "index.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			s.buildSkill(t, "the-skill", "", "v1")
			require.NoError(t, s.Close())
			damageIndex(t, s.dir, []byte("{"))
			_, err := oci.OpenFailing(s.dir, slog.New(slog.DiscardHandler), func(step, file string) error {
				if step == at.does && strings.HasPrefix(file, at.name) {
					return syscall.ENOSPC
				}
				return nil
			})
			require.ErrorContains(t, err, "the disk of the store is full; free some space and try again")
			assert.Equal(t, []string{"v1"}, openStore(t, s.dir).tags(), "the next start does it")
		})
	}
}
