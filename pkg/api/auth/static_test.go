// SPDX-License-Identifier: Apache-2.0

package auth_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api/auth"
	"github.com/skilld/skilld/pkg/skills"
)

func TestStaticAcceptsItsTokenAlone(t *testing.T) {
	t.Parallel()
	token := auth.NewStatic("s3cret")
	require.NoError(t, token.Verify(t.Context(), "s3cret"))
	for _, other := range []string{"", "s3cre", "s3cret ", "S3cret", "s3crets", strings.Repeat("x", 1<<16)} {
		err := token.Verify(t.Context(), other)
		assert.True(t, skills.IsKind(err, skills.Unauthenticated), "%q: %v", other, err)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func TestReadStatic(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("\n  abc-._~+/123==\r\n"), 0o600))
	token, loose, err := auth.ReadStatic(file)
	require.NoError(t, err)
	assert.Zero(t, loose)
	require.NoError(t, token.Verify(t.Context(), "abc-._~+/123=="))

	require.NoError(t, os.Chmod(file, 0o640))
	_, loose, err = auth.ReadStatic(file)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, fs.FileMode(0o640), loose, "others can read it")
	}
}

func TestReadStaticRefusesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "blank": " \n\t", "two": "one\ntwo\n", "two words": "Bearer abc", "not ASCII": "gehëim", "quoted": `"abc"`,
		"long": strings.Repeat("x", 5000), "NUL": "a\x00b",
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, _, err := auth.ReadStatic(file)
		assert.ErrorContains(t, err, file, name)
	}
	_, _, err := auth.ReadStatic(filepath.Join(dir, "gone"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = auth.ReadStatic(dir)
	assert.Error(t, err)
}
