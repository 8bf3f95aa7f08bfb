// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"slices"
	"strings"
)

// Client is one AI client that reads skills.
type Client struct {
	// ID is the client's name in the API, such as "claude-code".
	ID string
	// Name is the client's name for people.
	Name string
	// user and project are the folders that hold the skills, below the home
	// folder and below a project's root.
	user, project string
	// detect are paths below the home folder; any one of them says that the
	// client is on the machine.
	detect []string
	// env is a variable whose value replaces the first segment of user, and
	// the path in detect that is that segment; empty for most clients.
	env string
}

// find returns the client with the id.
func find(id string) (Client, bool) {
	i, ok := slices.BinarySearchFunc(table, id, func(c Client, id string) int { return strings.Compare(c.ID, id) })
	if !ok {
		return Client{}, false
	}
	return table[i], true
}

// table is sorted by id. All paths have '/' separators.
var table = []Client{
	{ID: "amp-cli", Name: "Amp", user: ".agents/skills", project: ".agents/skills", detect: []string{".config/amp"}},
	{
		ID: "antigravity", Name: "Antigravity", user: ".agents/skills", project: ".agents/skills",
		detect: []string{".gemini/antigravity"},
	},
	{ID: "augment", Name: "Augment", user: ".augment/skills", project: ".augment/skills", detect: []string{".augment"}},
	{
		ID: "claude-code", Name: "Claude Code", user: ".claude/skills", project: ".claude/skills",
		detect: []string{".claude.json", ".claude"}, env: "CLAUDE_CONFIG_DIR",
	},
	{
		ID: "cline", Name: "Cline", user: ".cline/skills", project: ".cline/skills",
		detect: []string{".config/Code/User/globalStorage/saoudrizwan.claude-dev", ".cline"},
	},
	{
		ID: "codebuddy", Name: "CodeBuddy", user: ".codebuddy/skills", project: ".codebuddy/skills",
		detect: []string{".codebuddy"},
	},
	{ID: "codex", Name: "Codex", user: ".agents/skills", project: ".agents/skills", detect: []string{".codex"}},
	{
		ID: "command-code", Name: "Command Code", user: ".commandcode/skills", project: ".commandcode/skills",
		detect: []string{".commandcode"},
	},
	{
		ID: "continue", Name: "Continue", user: ".continue/skills", project: ".continue/skills",
		detect: []string{".continue"},
	},
	{
		ID: "copilot-cli", Name: "GitHub Copilot CLI", user: ".copilot/skills", project: ".github/skills",
		detect: []string{".copilot"},
	},
	{
		ID: "crush", Name: "Crush", user: ".config/crush/skills", project: ".crush/skills",
		detect: []string{".config/crush"},
	},
	{ID: "cursor", Name: "Cursor", user: ".cursor/skills", project: ".cursor/skills", detect: []string{".cursor"}},
	{
		ID: "factory", Name: "Factory Droid", user: ".factory/skills", project: ".factory/skills",
		detect: []string{".factory"},
	},
	{
		ID: "gemini-cli", Name: "Gemini CLI", user: ".agents/skills", project: ".agents/skills",
		detect: []string{".gemini"},
	},
	{ID: "goose", Name: "Goose", user: ".agents/skills", project: ".agents/skills", detect: []string{".config/goose"}},
	{ID: "iflow-cli", Name: "iFlow CLI", user: ".iflow/skills", project: ".iflow/skills", detect: []string{".iflow"}},
	{ID: "junie", Name: "Junie", user: ".junie/skills", project: ".junie/skills", detect: []string{".junie"}},
	{ID: "kilo", Name: "Kilo Code", user: ".kilocode/skills", project: ".kilocode/skills", detect: []string{".kilocode"}},
	{ID: "kimi-cli", Name: "Kimi Code CLI", user: ".kimi/skills", project: ".kimi/skills", detect: []string{".kimi"}},
	{ID: "kiro", Name: "Kiro", user: ".kiro/skills", project: ".kiro/skills", detect: []string{".kiro"}},
	{ID: "kode", Name: "Kode", user: ".kode/skills", project: ".kode/skills", detect: []string{".kode"}},
	{ID: "mistral-vibe", Name: "Mistral Vibe", user: ".vibe/skills", project: ".vibe/skills", detect: []string{".vibe"}},
	{ID: "mux", Name: "Mux", user: ".mux/skills", project: ".mux/skills", detect: []string{".mux"}},
	{ID: "neovate", Name: "Neovate", user: ".neovate/skills", project: ".neovate/skills", detect: []string{".neovate"}},
	{ID: "openclaw", Name: "OpenClaw", user: ".openclaw/skills", project: "skills", detect: []string{".openclaw"}},
	{
		ID: "opencode", Name: "OpenCode", user: ".config/opencode/skills", project: ".opencode/skills",
		detect: []string{".config/opencode"},
	},
	{
		ID: "openhands", Name: "OpenHands", user: ".openhands/skills", project: ".openhands/skills",
		detect: []string{".openhands"},
	},
	{ID: "pi", Name: "Pi", user: ".pi/agent/skills", project: ".pi/skills", detect: []string{".pi/agent"}},
	{ID: "pochi", Name: "Pochi", user: ".pochi/skills", project: ".pochi/skills", detect: []string{".pochi"}},
	{ID: "qoder", Name: "Qoder", user: ".qoder/skills", project: ".qoder/skills", detect: []string{".qoder"}},
	{ID: "qwen-code", Name: "Qwen Code", user: ".qwen/skills", project: ".qwen/skills", detect: []string{".qwen"}},
	{
		ID: "roo-code", Name: "Roo Code", user: ".roo/skills", project: ".roo/skills",
		detect: []string{".config/Code/User/globalStorage/rooveterinaryinc.roo-cline", ".roo"},
	},
	{
		ID: "trae", Name: "Trae", user: ".agents/skills", project: ".agents/skills",
		detect: []string{".config/Trae/User", ".trae"},
	},
	{
		ID: "vscode", Name: "VS Code (GitHub Copilot)", user: ".copilot/skills", project: ".github/skills",
		detect: []string{".config/Code/User"},
	},
	{
		ID: "vscode-insider", Name: "VS Code Insiders", user: ".copilot/skills", project: ".github/skills",
		detect: []string{".config/Code - Insiders/User"},
	},
	{
		ID: "windsurf", Name: "Windsurf", user: ".codeium/windsurf/skills", project: ".windsurf/skills",
		detect: []string{".codeium/windsurf"},
	},
	{
		ID: "zencoder", Name: "Zencoder", user: ".zencoder/skills", project: ".zencoder/skills",
		detect: []string{".zencoder"},
	},
}
