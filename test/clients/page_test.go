// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
	"github.com/skilld/skilld/internal/registrytest"
)

const page = "../../docs/api.md"

func TestPageHasEveryOperation(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]any
	}
	require.NoError(t, json.Unmarshal(server.Document, &document))
	var operations, headings []string
	for path, methods := range document.Paths {
		for method := range methods {
			operations = append(operations, strings.ToUpper(method)+" "+path)
		}
	}
	for _, heading := range regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(read(t, page), -1) {
		headings = append(headings, heading[1])
	}
	assert.ElementsMatch(t, operations, headings)
}

// example is a block of commands with what it is said to answer, if anything.
type example struct{ commands, answer string }

var (
	block = regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```\n(?: *```(?:json|text)\n(.*?)^ *```\n)?")
	// differs is what stands for any text in an answer.
	differs = regexp.MustCompile("…")
)

// examples returns the blocks of the page, in order.
func examples(t *testing.T) []example {
	t.Helper()
	var found []example
	for _, match := range block.FindAllStringSubmatch(read(t, page), -1) {
		unindented := func(text string) string {
			return strings.TrimPrefix(strings.ReplaceAll("\n"+text, "\n"+match[1], "\n"), "\n")
		}
		found = append(found, example{unindented(match[2]), unindented(match[3])})
	}
	return found
}

// TestPageIsTrue pastes every block of the page into one shell and compares
// what it says with the block that follows.
func TestPageIsTrue(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		_, err := exec.LookPath(program)
		need(t, err == nil, program+" is not installed")
	}
	d, registry := start(t), registrytest.Open(t)
	demo := filepath.Join(t.TempDir(), "demo")
	// What the page says of a usual machine, as it is here.
	here := strings.NewReplacer(
		"http://127.0.0.1:8080", d.url, "/tmp/demo", demo,
		"localhost:5000", registry.Host, "localhost%3A5000", strings.ReplaceAll(registry.Host, ":", "%3A"))

	const mark = "=== end of block ==="
	found := examples(t)
	require.Greater(t, len(found), 20)
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for _, e := range found {
		script.WriteString(here.Replace(e.commands) + "echo '" + mark + "'\n")
	}
	said := output(t, t.TempDir(), "bash", "-c", script.String())
	answers := strings.Split(said, mark+"\n")
	require.Len(t, answers, len(found)+1)
	for i, e := range found {
		if e.answer == "" {
			continue
		}
		pattern := differs.ReplaceAllString(regexp.QuoteMeta(strings.TrimSpace(here.Replace(e.answer))), `(?s:.*?)`)
		assert.Regexp(t, "^"+pattern+"$", strings.TrimSpace(strings.ReplaceAll(answers[i], "\r", "")), "%s", e.commands)
	}
	_, err := os.Stat(filepath.Join(d.home, ".claude", "skills", "hello-skill"))
	assert.ErrorIs(t, err, os.ErrNotExist, "the page removes what it installs")
}
