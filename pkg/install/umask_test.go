// SPDX-License-Identifier: Apache-2.0

//go:build unix

package install_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/install"
)

// TestModesWhateverTheUmask must not run beside others: the umask is the
// process's.
func TestModesWhateverTheUmask(t *testing.T) {
	home := t.TempDir()
	op := plan(t, target(home, "skills/a-skill"))
	old := syscall.Umask(0o077)
	err := install.Stage(t.Context(), op, source(tree{"SKILL.md": "x", "scripts/run.sh": "x"}))
	syscall.Umask(old)
	require.NoError(t, err)
	require.NoError(t, install.Swap(op))
	require.NoError(t, install.Finish(op))
	assertModes(t, filepath.Join(home, "skills", "a-skill"))
}
