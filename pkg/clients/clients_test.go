// SPDX-License-Identifier: Apache-2.0

package clients_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/clients"
)

// machine is one with an empty home folder and the environment variables given
// as pairs of name and value.
func machine(t *testing.T, goos string, env ...string) clients.Machine {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	values := map[string]string{}
	for pair := range slices.Chunk(env, 2) {
		values[pair[0]] = pair[1]
	}
	return clients.Machine{Home: home, Getenv: func(name string) string { return values[name] }, GOOS: goos}
}

// mkdir makes a folder, given as the parts of its path, and returns it.
func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	return dir
}

// found are the ids of the clients on the machine.
func found(m clients.Machine) []string {
	ids := []string{}
	for _, c := range m.Discover() {
		if c.Installed {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func TestAllClientsAreKnown(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, c := range clients.All() {
		ids = append(ids, c.ID)
		assert.NotEmpty(t, c.Name, c.ID)
	}
	assert.Equal(t, []string{
		"amp-cli", "antigravity", "augment", "claude-code", "cline", "codebuddy", "codex", "command-code", "continue",
		"copilot-cli", "crush", "cursor", "factory", "gemini-cli", "goose", "iflow-cli", "junie", "kilo", "kimi-cli", "kiro",
		"kode", "mistral-vibe", "mux", "neovate", "openclaw", "opencode", "openhands", "pi", "pochi", "qoder", "qwen-code",
		"roo-code", "trae", "vscode", "vscode-insider", "windsurf", "zencoder",
	}, ids)
}

func TestAllReturnsACopy(t *testing.T) {
	t.Parallel()
	clients.All()[0].ID = "changed"
	assert.Equal(t, "amp-cli", clients.All()[0].ID)
}

func TestDiscoverListsEveryClient(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	assert.Len(t, m.Discover(), len(clients.All()))
	assert.Empty(t, found(m))
}

func TestClientIsFoundByItsFolders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		goos   string
		folder string
		want   []string
	}{
		"own folder":              {"linux", ".cursor", []string{"cursor"}},
		"second of two":           {"linux", ".roo", []string{"roo-code"}},
		"one inside another's":    {"linux", ".gemini/antigravity", []string{"antigravity", "gemini-cli"}},
		"not its parent":          {"linux", ".codeium", []string{}},
		"below .config":           {"linux", ".config/opencode", []string{"opencode"}},
		"editor":                  {"linux", ".config/Code/User", []string{"vscode"}},
		"editor's extension":      {"linux", ".config/Code/User/globalStorage/saoudrizwan.claude-dev", []string{"cline", "vscode"}},
		"insiders":                {"linux", ".config/Code - Insiders/User", []string{"vscode-insider"}},
		"editor on macOS":         {"darwin", "Library/Application Support/Code/User", []string{"vscode"}},
		"Trae on macOS":           {"darwin", "Library/Application Support/Trae/User", []string{"trae"}},
		"macOS has .config too":   {"darwin", ".config/Code - Insiders/User", []string{"vscode-insider"}},
		"not Library on Linux":    {"linux", "Library/Application Support/Code/User", []string{}},
		"not an editor on macOS":  {"darwin", "Library/Application Support/goose", []string{}},
		"roaming data on Windows": {"windows", "AppData/Roaming/Code/User", []string{"vscode"}},
		"any client on Windows":   {"windows", "AppData/Roaming/goose", []string{"goose"}},
		"Windows has .config too": {"windows", ".config/crush", []string{"crush"}},
		"not AppData on Linux":    {"linux", "AppData/Roaming/Code/User", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine(t, tt.goos)
			mkdir(t, m.Home, filepath.FromSlash(tt.folder))
			assert.Equal(t, tt.want, found(m))
		})
	}
}

func TestClientIsFoundByAFile(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, os.WriteFile(filepath.Join(m.Home, ".claude.json"), nil, 0o600))
	assert.Equal(t, []string{"claude-code"}, found(m))
}

func TestEnvironmentMovesTheFolders(t *testing.T) {
	t.Parallel()
	moved := mkdir(t, t.TempDir(), "moved")
	mkdir(t, moved, "opencode")
	missing := filepath.Join(moved, "missing")

	for name, tt := range map[string]struct {
		goos   string
		env    []string
		inHome string
		want   []string
	}{
		"XDG_CONFIG_HOME":                 {"linux", []string{"XDG_CONFIG_HOME", moved}, "", []string{"opencode"}},
		"XDG_CONFIG_HOME on Windows":      {"windows", []string{"XDG_CONFIG_HOME", moved}, "", []string{"opencode"}},
		"XDG_CONFIG_HOME for .config":     {"linux", []string{"XDG_CONFIG_HOME", moved}, ".config/goose", []string{"opencode"}},
		"a relative one is ignored":       {"linux", []string{"XDG_CONFIG_HOME", "moved"}, ".config/goose", []string{"goose"}},
		"APPDATA on Windows":              {"windows", []string{"APPDATA", moved}, "", []string{"opencode"}},
		"APPDATA elsewhere":               {"linux", []string{"APPDATA", moved}, "", []string{}},
		"CLAUDE_CONFIG_DIR":               {"linux", []string{"CLAUDE_CONFIG_DIR", moved}, "", []string{"claude-code"}},
		"CLAUDE_CONFIG_DIR for .claude":   {"linux", []string{"CLAUDE_CONFIG_DIR", missing}, ".claude", []string{}},
		"CLAUDE_CONFIG_DIR for no others": {"linux", []string{"CLAUDE_CONFIG_DIR", missing}, ".cursor", []string{"cursor"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine(t, tt.goos, tt.env...)
			mkdir(t, m.Home, filepath.FromSlash(tt.inHome))
			assert.Equal(t, tt.want, found(m))
		})
	}
}

func TestLocalIsThisMachine(t *testing.T) {
	t.Parallel()
	m, err := clients.Local()
	require.NoError(t, err)
	assert.True(t, filepath.IsAbs(m.Home))
	assert.NotEmpty(t, m.GOOS)
	assert.Equal(t, os.Getenv("PATH"), m.Getenv("PATH"))
}
