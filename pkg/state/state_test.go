// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/state"
)

// open opens a new database that is closed with the test.
func open(t testing.TB) *state.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "skilld.db"))
}

func openAt(t testing.TB, path string) *state.DB {
	t.Helper()
	db, err := state.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// home is an absolute folder that nothing is written to.
func home() string {
	if runtime.GOOS == "windows" {
		return `C:\Users\ada`
	}
	return "/home/ada"
}

// record is an installed skill with every field set.
func record(name string) skills.InstalledSkill {
	return skills.InstalledSkill{
		Metadata: skills.Metadata{
			Name: name, Version: "1.0", Description: "Does “things”\nwell", Author: "Ada", Tags: []string{"b", "a"},
		},
		Scope:       skills.ScopeUser,
		Reference:   "ghcr.io/org/" + name + ":v1",
		Tag:         "v1",
		Digest:      "sha256:0123",
		Status:      skills.StatusInstalled,
		InstalledAt: time.Date(2026, 3, 4, 5, 6, 7, 890, time.UTC),
		Clients:     []string{"claude-code", "codex", "goose"},
		Targets: []skills.Target{
			{Base: home(), Path: ".agents/skills/" + name, Clients: []string{"codex", "goose"}},
			{Base: home(), Path: ".claude/skills/" + name, Clients: []string{"claude-code"}},
		},
		Dependencies: []skills.Dependency{
			{Name: "other", Reference: "ghcr.io/org/other@sha256:4567", Digest: "sha256:4567"},
			{Name: "more", Reference: "ghcr.io/org/more"},
		},
		Group: skills.DefaultGroup,
	}
}

// inProject moves the record to a project.
func inProject(s skills.InstalledSkill, root string) skills.InstalledSkill {
	s.Scope, s.ProjectRoot = skills.ScopeProject, root
	s.Targets = []skills.Target{{Base: root, Path: ".claude/skills/" + s.Metadata.Name, Clients: []string{"claude-code"}}}
	s.Clients = []string{"claude-code"}
	return s
}

// commit installs the record by way of an operation of its own.
func commit(t testing.TB, db *state.DB, s skills.InstalledSkill) {
	t.Helper()
	id := fmt.Sprintf("install-%s-%s", s.Metadata.Name, s.ProjectRoot)
	require.NoError(t, db.Begin(t.Context(), skills.Operation{ID: id, Key: s.Key(), Phase: skills.PhaseStaging}))
	require.NoError(t, db.CommitInstall(t.Context(), id, s))
	require.NoError(t, db.End(t.Context(), id))
}
