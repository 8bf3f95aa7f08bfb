// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/registrytest"
)

// binary is the daemon that the clients speak to.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "skilld-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "skilld")
	build := exec.Command("go", "build", "-o", binary, "github.com/skilld/skilld/cmd/skilld")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building skilld:", err)
		return 1
	}
	return m.Run()
}

// daemon is a running skilld whose data and home are its own.
type daemon struct {
	url, home string
}

// start runs a daemon until the test ends.
func start(t *testing.T) daemon {
	t.Helper()
	d := daemon{home: t.TempDir()}
	command := exec.Command(binary, "serve", "--port", "0", "--data-dir", filepath.Join(t.TempDir(), "data"), "--log-format", "json")
	command.Env = []string{"HOME=" + d.home, "PATH=" + os.Getenv("PATH")}
	log, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewReader(log)
	for d.url == "" {
		text, err := lines.ReadBytes('\n')
		require.NoError(t, err, "the daemon did not start: %s", text)
		var line struct{ Msg, Address string }
		if json.Unmarshal(text, &line) == nil && line.Msg == "listening" {
			d.url = "http://" + line.Address
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // until the process ends
	return d
}

// skill makes the folder that the walks package.
func skill(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "hello-skill")
	require.NoError(t, os.Mkdir(dir, 0o755))
	text := "---\nname: hello-skill\ndescription: Greets people.\nversion: 1.0.0\n---\n\n# Hello\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "SKILL.md"), []byte(text), 0o644))
	return dir
}

// walk runs a program that does the main job, and looks at what it said and did.
func walk(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	d, registry, folder := start(t), registrytest.Open(t), skill(t)
	said := output(t, dir, program, append(args, d.url, folder, registry.Host)...)
	reference := registry.Reference("org/hello-skill", "v1")
	for _, line := range []string{
		"validated: true", "built: " + reference + " hello-skill 1.0.0", "file: SKILL.md 78", "pushed: " + reference,
		"pulled: hello-skill", "groups: 2", "installed: hello-skill installed 20", "uninstalled: hello-skill", "clients: true",
		"published: 0", `refused: 404 Not Found: skill "hello-skill" is not installed for the user scope`,
	} {
		assert.Contains(t, said, line)
	}
	assert.Positive(t, registry.Count("PUT", "/v2/org/hello-skill/manifests/v1"), "the registry was pushed to")
	assert.Positive(t, registry.Count("GET", "/v2/org/hello-skill/blobs/"), "the registry was pulled from")
	assert.NoDirExists(t, filepath.Join(d.home, ".claude", "skills", "hello-skill"))
}

// downloading is what the go command says on a machine that is new.
var downloading = regexp.MustCompile(`(?m)^go: downloading .*\n`)

// output runs a program in a folder and returns all that it says. It fails the
// test where the program fails.
func output(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	command := exec.Command(program, args...)
	command.Dir = dir
	// No workspace or flags of the machine have a say.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s %v:\n%s", program, args, said)
	return downloading.ReplaceAllString(string(said), "")
}
