// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// asCommand makes the test's binary be skilld, so that tests can run the real
// command in a process with an environment and a folder of its own.
const asCommand = "TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// machine is where the command runs: an empty home folder and nothing of the
// environment that the tests run in.
type machine struct {
	home string
	env  []string
}

func newMachine(t *testing.T, env ...string) machine {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return machine{home: home, env: env}
}

// write puts a file below the home folder and returns its path.
func (m machine) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(m.home, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// command returns skilld, to be run in the home folder.
func (m machine) command(args ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], args...)
	command.Dir = m.home
	command.Env = append([]string{
		asCommand + "=true", "HOME=" + m.home, "USERPROFILE=" + m.home, "SystemRoot=" + os.Getenv("SystemRoot"),
		"XDG_CONFIG_HOME=" + filepath.Join(m.home, ".config"),
		"XDG_DATA_HOME=" + filepath.Join(m.home, ".local", "share"),
	}, m.env...)
	return command
}

// run runs skilld, which must succeed, and returns what it prints.
func (m machine) run(t *testing.T, args ...string) string {
	t.Helper()
	command := m.command(args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.Output()
	require.NoError(t, err, "%s", &stderr)
	return string(stdout)
}

// fail runs skilld, which must exit with 1, and returns what it complains of.
func (m machine) fail(t *testing.T, args ...string) string {
	t.Helper()
	command := m.command(args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	err := command.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), "%s", &stderr)
	return stderr.String()
}
