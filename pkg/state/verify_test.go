// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "skilld.db")
	db := openAt(t, path)
	commit(t, db, record("a-skill"))
	findings, err := db.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, findings)

	// Whoever writes with another tool may leave keys that lead nowhere.
	other, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), `PRAGMA foreign_keys = 0; INSERT INTO folders (path, skill_id) VALUES ('/nowhere', 999)`)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	findings, err = db.Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"table folders refers to a row of skills that is not there"}, findings)
}
