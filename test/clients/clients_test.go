// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
)

// requireClients, set to true, makes what the tests need and do not find a failure.
const requireClients = "SKILLD_REQUIRE_CLIENTS"

func TestGoClient(t *testing.T) {
	t.Parallel()
	dir := workspace(t, "go", "*.go", "go.mod", "go.sum", "oapi-codegen.yaml", "skilld/doc.go")
	assert.Empty(t, output(t, dir, "go", "generate", "./..."), "the generator has nothing to complain of")
	if os.Getenv(requireClients) == "true" {
		// Not always: it downloads the modules that its modules' tests need.
		assert.Empty(t, output(t, dir, "go", "mod", "tidy", "-diff"))
	}
	assert.Empty(t, output(t, dir, "gofmt", "-l", "."))
	assert.Empty(t, output(t, dir, "go", "vet", "./..."))
	assert.Empty(t, output(t, dir, "go", "build", "-o", "walk", "."))
	assert.NotRegexp(t, regexp.MustCompile(`Inline|AnonymousStruct|200JSON`), read(t, dir, "skilld", "client.gen.go"))
	walk(t, dir, filepath.Join(dir, "walk"))
}

func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Abs(filepath.Join("typescript", "node_modules"))
	require.NoError(t, err)
	need(t, exec.Command("node", "--version").Run() == nil, "node is not installed")
	_, err = os.Stat(modules)
	need(t, err == nil, "there are no node_modules (npm ci --prefix test/clients/typescript)")

	dir := workspace(t, "typescript", "package.json", "tsconfig.json", "openapi-ts.config.ts", "src/*.ts")
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	node := func(program string, args ...string) string {
		return output(t, dir, "node", append([]string{filepath.Join("node_modules", program)}, args...)...)
	}
	said := node("@hey-api/openapi-ts/bin/run.js")
	assert.NotRegexp(t, regexp.MustCompile(`(?i)warn|error|deprecat|⚠|skipp`), said, "the generator has nothing to complain of")
	assert.Empty(t, node("typescript/bin/tsc"))
	for _, file := range []string{"sdk.gen.ts", "types.gen.ts"} {
		assert.NotRegexp(t, regexp.MustCompile(`: any\b|<any>|Inline|export type \w+[0-9] =`), read(t, dir, "src", "skilld", file))
	}
	walk(t, dir, "node", "dist/walk.js")
}

// workspace copies what is committed of an example, files and patterns, to a
// folder of its own, with the document.
func workspace(t *testing.T, example string, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range files {
		matches, err := filepath.Glob(filepath.Join(example, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, matches, pattern)
		for _, file := range matches {
			name, err := filepath.Rel(example, file)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(read(t, file)), 0o644))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "openapi.json"), server.Document, 0o644))
	return dir
}

// need skips the test where a condition is not met, or fails it where nothing
// may be skipped.
func need(t *testing.T, met bool, otherwise string) {
	t.Helper()
	switch {
	case met:
	case os.Getenv(requireClients) == "true":
		t.Fatalf("%s, and %s asks for it", otherwise, requireClients)
	default:
		t.Skip(otherwise)
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(text)
}
