// SPDX-License-Identifier: Apache-2.0

package clients_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/clients"
	"github.com/skilld/skilld/pkg/skills"
)

// place is a target without the name of the skill, for short tables.
type place struct {
	base, path string
	clients    []string
}

func targets(places ...place) []skills.Target {
	var list []skills.Target
	for _, p := range places {
		list = append(list, skills.Target{Base: p.base, Path: p.path + "/a-skill", Clients: p.clients})
	}
	return list
}

func TestTargetsOfTheUser(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	for name, tt := range map[string]struct {
		ids  []string
		want []skills.Target
	}{
		"one": {[]string{"claude-code"}, targets(place{m.Home, ".claude/skills", []string{"claude-code"}})},
		"shared folder once": {
			[]string{"goose", "codex", "claude-code"},
			targets(place{m.Home, ".agents/skills", []string{"codex", "goose"}}, place{m.Home, ".claude/skills", []string{"claude-code"}}),
		},
		"named twice": {[]string{"kiro", "kiro"}, targets(place{m.Home, ".kiro/skills", []string{"kiro"}})},
		"all editors of one family": {
			[]string{"vscode-insider", "copilot-cli", "vscode"},
			targets(place{m.Home, ".copilot/skills", []string{"copilot-cli", "vscode", "vscode-insider"}}),
		},
		"below .config": {[]string{"opencode"}, targets(place{m.Home, ".config/opencode/skills", []string{"opencode"}})},
		"deep":          {[]string{"pi"}, targets(place{m.Home, ".pi/agent/skills", []string{"pi"}})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := m.Targets("a-skill", tt.ids, skills.ScopeUser, "")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestTargetsOfAProject(t *testing.T) {
	t.Parallel()
	project, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	m := machine(t, "linux", "CLAUDE_CONFIG_DIR", t.TempDir(), "XDG_CONFIG_HOME", t.TempDir())
	got, err := m.Targets("a-skill", []string{"vscode", "openclaw", "opencode", "claude-code"}, skills.ScopeProject, project)
	require.NoError(t, err)
	assert.Equal(t, targets(
		place{project, ".claude/skills", []string{"claude-code"}},
		place{project, ".github/skills", []string{"vscode"}},
		place{project, ".opencode/skills", []string{"opencode"}},
		place{project, "skills", []string{"openclaw"}},
	), got)
}

func TestAllMeansTheClientsFound(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	mkdir(t, m.Home, ".claude")
	mkdir(t, m.Home, ".codex")
	want := targets(place{m.Home, ".agents/skills", []string{"codex"}}, place{m.Home, ".claude/skills", []string{"claude-code"}})
	for name, ids := range map[string][]string{"none": nil, "empty": {}, "all": {"all"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := m.Targets("a-skill", ids, skills.ScopeUser, "")
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestTargetsAreRefused(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	mkdir(t, m.Home, ".claude")
	const lists = "GET /api/v1beta/discovery/clients"
	for name, tt := range map[string]struct {
		machine  clients.Machine
		skill    string
		ids      []string
		scope    skills.Scope
		project  string
		messages []string
	}{
		"unknown client":      {m, "a-skill", []string{"claude-code", "notepad"}, skills.ScopeUser, "", []string{`"notepad"`, lists}},
		"other case":          {m, "a-skill", []string{"Cursor"}, skills.ScopeUser, "", []string{`"Cursor"`, lists}},
		"empty client":        {m, "a-skill", []string{""}, skills.ScopeUser, "", []string{"empty", lists}},
		"empty beside others": {m, "a-skill", []string{"cursor", ""}, skills.ScopeUser, "", []string{"empty", lists}},
		"all beside others":   {m, "a-skill", []string{"all", "cursor"}, skills.ScopeUser, "", []string{`"all"`, "alone"}},
		"all twice":           {m, "a-skill", []string{"all", "all"}, skills.ScopeUser, "", []string{`"all"`, "alone"}},
		"no client found":     {machine(t, "linux"), "a-skill", nil, skills.ScopeUser, "", []string{"no AI client", "claude-code", lists}},
		"bad name":            {m, "../../etc", []string{"cursor"}, skills.ScopeUser, "", []string{`"../../etc"`}},
		"bad scope":           {m, "a-skill", []string{"cursor"}, "world", "", []string{`"world"`, `"user"`, `"project"`}},
		"no project":          {m, "a-skill", []string{"cursor"}, skills.ScopeProject, "", []string{"project_root", "absolute"}},
		"relative project":    {m, "a-skill", []string{"cursor"}, skills.ScopeProject, "my/project", []string{`"my/project"`, "absolute"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.machine.Targets(tt.skill, tt.ids, tt.scope, tt.project)
			assert.Nil(t, got)
			assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
			for _, message := range tt.messages {
				assert.ErrorContains(t, err, message)
			}
		})
	}
}

func TestEnvironmentMovesTheTargets(t *testing.T) {
	t.Parallel()
	outside, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)

	t.Run("XDG_CONFIG_HOME outside home is a base", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux", "XDG_CONFIG_HOME", outside)
		got, err := m.Targets("a-skill", []string{"opencode", "goose"}, skills.ScopeUser, "")
		require.NoError(t, err)
		want := targets(place{m.Home, ".agents/skills", []string{"goose"}}, place{outside, "opencode/skills", []string{"opencode"}})
		assert.ElementsMatch(t, want, got)
	})
	t.Run("XDG_CONFIG_HOME inside home is a path", func(t *testing.T) {
		t.Parallel()
		home := machine(t, "linux").Home
		m := clients.Machine{Home: home, GOOS: "linux", Getenv: func(string) string { return filepath.Join(home, "etc", "xdg") }}
		got, err := m.Targets("a-skill", []string{"crush"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{home, "etc/xdg/crush/skills", []string{"crush"}}), got)
	})
	t.Run("CLAUDE_CONFIG_DIR is a base", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux", "CLAUDE_CONFIG_DIR", filepath.Join(outside, "missing", "claude"))
		got, err := m.Targets("a-skill", []string{"claude-code"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{filepath.Join(outside, "missing", "claude"), "skills", []string{"claude-code"}}), got)
	})
}

func TestFolderHasOneNameHoweverItIsReached(t *testing.T) {
	t.Parallel()
	t.Run("a link between two clients", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux")
		mkdir(t, m.Home, ".claude", "skills")
		mkdir(t, m.Home, ".agents")
		require.NoError(t, os.Symlink(filepath.Join("..", ".claude", "skills"), filepath.Join(m.Home, ".agents", "skills")))
		got, err := m.Targets("a-skill", []string{"claude-code", "codex"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{m.Home, ".claude/skills", []string{"claude-code", "codex"}}), got)
	})
	t.Run("an absolute link inside home", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux")
		require.NoError(t, os.Symlink(mkdir(t, m.Home, "dotfiles", "claude"), filepath.Join(m.Home, ".claude")))
		got, err := m.Targets("a-skill", []string{"claude-code"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{m.Home, "dotfiles/claude/skills", []string{"claude-code"}}), got)
	})
	t.Run("a link to the project", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux")
		project := mkdir(t, m.Home, "project")
		link := filepath.Join(m.Home, "link")
		require.NoError(t, os.Symlink(project, link))
		got, err := m.Targets("a-skill", []string{"cursor"}, skills.ScopeProject, link)
		require.NoError(t, err)
		assert.Equal(t, targets(place{project, ".cursor/skills", []string{"cursor"}}), got)
	})
	t.Run("a link out of home stays a link", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux")
		require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(m.Home, ".claude")))
		got, err := m.Targets("a-skill", []string{"claude-code"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{m.Home, ".claude/skills", []string{"claude-code"}}), got)
	})
	t.Run("links in a circle stay links", func(t *testing.T) {
		t.Parallel()
		m := machine(t, "linux")
		require.NoError(t, os.Symlink(".claude", filepath.Join(m.Home, ".claude")))
		got, err := m.Targets("a-skill", []string{"claude-code"}, skills.ScopeUser, "")
		require.NoError(t, err)
		assert.Equal(t, targets(place{m.Home, ".claude/skills", []string{"claude-code"}}), got)
	})
}
