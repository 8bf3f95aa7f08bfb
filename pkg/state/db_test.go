// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/state"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, found, err := db.Setting(t.Context(), "registry")
	require.NoError(t, err)
	assert.False(t, found)

	require.NoError(t, db.SetSetting(t.Context(), "registry", []byte(`{"url": "http://a"}`)))
	require.NoError(t, db.SetSetting(t.Context(), "registry", []byte(`{"url": "http://b"}`)))
	value, found, err := db.Setting(t.Context(), "registry")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, `{"url": "http://b"}`, string(value), "byte by byte")

	assert.Error(t, db.SetSetting(t.Context(), "registry", []byte(`{`)))
	assert.Error(t, db.SetSetting(t.Context(), "registry", nil))
	require.NoError(t, db.DeleteSetting(t.Context(), "registry"))
	require.NoError(t, db.DeleteSetting(t.Context(), "registry"))
	_, found, err = db.Setting(t.Context(), "registry")
	require.NoError(t, err)
	assert.False(t, found)
}

func TestFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	path := filepath.Join(t.TempDir(), "skilld.db")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	db := openAt(t, path)
	require.NoError(t, db.CreateGroup(t.Context(), "team"))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

func TestPathIsTakenLiterally(t *testing.T) {
	t.Parallel()
	name := "a b%20c#d&_pragma=x.db"
	if runtime.GOOS != "windows" {
		name = "?" + name
	}
	path := filepath.Join(t.TempDir(), name)
	db := openAt(t, path)
	require.NoError(t, db.CreateGroup(t.Context(), "team"))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.NotZero(t, info.Size())
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()

	_, err := state.Open(t.Context(), filepath.Join(dir, "missing", "skilld.db"))
	assert.ErrorIs(t, err, os.ErrNotExist)

	garbage := filepath.Join(dir, "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte("this is a text and no database, and long enough to be told from one"), 0o600))
	_, err = state.Open(t.Context(), garbage)
	assert.ErrorContains(t, err, "not a database")

	newer := filepath.Join(dir, "newer.db")
	db, err := state.Open(t.Context(), newer)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	raw, err := sql.Open("sqlite", newer)
	require.NoError(t, err)
	_, err = raw.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	require.NoError(t, err)
	require.NoError(t, raw.Close())
	_, err = state.Open(t.Context(), newer)
	assert.ErrorContains(t, err, "newer skilld")
	assert.Equal(t, skills.Internal, skills.KindOf(err))
}

// BenchmarkOpen opens a database that is up to date, as a start of skilld does.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "skilld.db")
	openAt(b, path)
	for b.Loop() {
		db, err := state.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
