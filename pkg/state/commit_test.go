// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/state"
)

func operation(id string, s skills.InstalledSkill) skills.Operation {
	op := skills.Operation{ID: id, Key: s.Key(), Phase: skills.PhaseStaging}
	for _, t := range s.Targets {
		op.Moves = append(op.Moves, skills.Move{Base: t.Base, Path: t.Path, Staged: t.Path + ".new", Backup: t.Path + ".old"})
	}
	return op
}

func phases(t *testing.T, db *state.DB) map[string]skills.Phase {
	t.Helper()
	ops, err := db.Operations(t.Context())
	require.NoError(t, err)
	found := map[string]skills.Phase{}
	for _, op := range ops {
		found[op.ID] = op.Phase
	}
	return found
}

func TestJournalKeepsOperationsInOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "skilld.db")
	db, err := state.Open(t.Context(), path)
	require.NoError(t, err)
	first, second := operation("z-first", record("b-skill")), operation("a-second", inProject(record("a-skill"), home()))
	second.Moves[0].Staged = ""
	empty := skills.Operation{ID: "m-empty", Key: record("c-skill").Key(), Phase: skills.PhaseStaging}
	for _, op := range []skills.Operation{first, second, empty} {
		require.NoError(t, db.Begin(t.Context(), op))
	}
	require.NoError(t, db.Advance(t.Context(), "z-first", skills.PhaseSwapping))
	first.Phase = skills.PhaseSwapping
	require.NoError(t, db.Close())

	db = openAt(t, path)
	got, err := db.Operations(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []skills.Operation{first, second, empty}, got)

	require.NoError(t, db.End(t.Context(), "z-first"))
	require.NoError(t, db.End(t.Context(), "z-first"), "ending twice")
	assert.Equal(t, map[string]skills.Phase{"a-second": skills.PhaseStaging, "m-empty": skills.PhaseStaging}, phases(t, db))
}

func TestJournalRefusesWhatItCannotMean(t *testing.T) {
	t.Parallel()
	db := open(t)
	op := operation("one", record("a-skill"))
	require.NoError(t, db.Begin(t.Context(), op))
	assert.Error(t, db.Begin(t.Context(), op), "an id that is taken")
	assert.Error(t, db.Advance(t.Context(), "two", skills.PhaseSwapping), "an operation that was not begun")
	assert.Error(t, db.CommitInstall(t.Context(), "two", record("a-skill")), "a commit of an operation that was not begun")

	list, err := db.Skills(t.Context(), skills.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, list, "nothing of the failed commit is left")
}

func TestCommitInstallReplacesTheRecord(t *testing.T) {
	t.Parallel()
	db := open(t)
	require.NoError(t, db.CreateGroup(t.Context(), "team"))
	commit(t, db, record("a-skill"))

	changed := record("a-skill")
	changed.Metadata.Version, changed.Digest, changed.Group = "2.0", "sha256:89ab", "team"
	changed.Metadata.Tags, changed.Dependencies = nil, nil
	changed.Clients = []string{"claude-code", "kiro"}
	changed.Targets = []skills.Target{
		changed.Targets[1], {Base: home(), Path: ".kiro/skills/a-skill", Clients: []string{"kiro"}},
	}
	require.NoError(t, db.Begin(t.Context(), operation("op", changed)))
	require.NoError(t, db.CommitInstall(t.Context(), "op", changed))

	list, err := db.Skills(t.Context(), skills.ListOptions{})
	require.NoError(t, err)
	assert.Equal(t, []skills.InstalledSkill{changed}, list)
	assert.Equal(t, map[string]skills.Phase{"op": skills.PhaseCommitted}, phases(t, db))
	group, err := db.Group(t.Context(), skills.DefaultGroup)
	require.NoError(t, err)
	assert.Empty(t, group.Skills, "the group that it left")
	_, owned, err := db.Owner(t.Context(), record("a-skill").Targets[0])
	require.NoError(t, err)
	assert.False(t, owned, "a folder that it left")
}

func TestCommitInstallWithoutAGroupJoinsDefault(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := record("a-skill")
	s.Group = ""
	commit(t, db, s)
	got, err := db.Skill(t.Context(), s.Key())
	require.NoError(t, err)
	assert.Equal(t, skills.DefaultGroup, got.Group)
}

func TestFailedCommitChangesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*skills.InstalledSkill)
		kind    skills.Kind
		message string
	}{
		"unknown group": {
			func(s *skills.InstalledSkill) { s.Group = "nobody" }, skills.NotFound, `"nobody"`,
		},
		"folder of another record": {
			func(s *skills.InstalledSkill) { s.Targets = append(s.Targets, record("other").Targets[0]) }, skills.Conflict, `"other"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			before := record("a-skill")
			commit(t, db, before)
			commit(t, db, record("other"))
			s := record("a-skill")
			s.Metadata.Version = "2.0"
			tt.change(&s)
			require.NoError(t, db.Begin(t.Context(), operation("op", s)))

			err := db.CommitInstall(t.Context(), "op", s)
			assert.True(t, skills.IsKind(err, tt.kind), "%v", err)
			assert.ErrorContains(t, err, tt.message)
			got, err := db.Skill(t.Context(), s.Key())
			require.NoError(t, err)
			assert.Equal(t, before, got)
			assert.Equal(t, map[string]skills.Phase{"op": skills.PhaseStaging}, phases(t, db))
		})
	}
}

func TestCommitRemovalTakesRecordAndMembership(t *testing.T) {
	t.Parallel()
	db := open(t)
	kept, gone := inProject(record("a-skill"), home()), record("a-skill")
	commit(t, db, gone)
	kept.Targets[0].Path = ".kiro/skills/a-skill"
	commit(t, db, kept)
	commit(t, db, record("b-skill"))

	require.NoError(t, db.Begin(t.Context(), operation("op", gone)))
	require.NoError(t, db.CommitRemoval(t.Context(), "op", gone.Key()))

	_, err := db.Skill(t.Context(), gone.Key())
	assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
	_, owned, err := db.Owner(t.Context(), gone.Targets[0])
	require.NoError(t, err)
	assert.False(t, owned)
	group, err := db.Group(t.Context(), skills.DefaultGroup)
	require.NoError(t, err)
	assert.Equal(t, []string{"a-skill", "b-skill"}, group.Skills, "the project's one is still a member")
	assert.Equal(t, map[string]skills.Phase{"op": skills.PhaseCommitted}, phases(t, db))

	require.NoError(t, db.Begin(t.Context(), operation("again", gone)))
	err = db.CommitRemoval(t.Context(), "again", gone.Key())
	assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
	assert.Equal(t, skills.PhaseStaging, phases(t, db)["again"])
}

func TestEndedContextChangesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := record("a-skill")
	require.NoError(t, db.Begin(t.Context(), operation("op", s)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, db.CommitInstall(ctx, "op", s), context.Canceled)
	assert.Equal(t, map[string]skills.Phase{"op": skills.PhaseStaging}, phases(t, db))
	_, err := db.Skill(t.Context(), s.Key())
	assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	const many = 16
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			s := record(fmt.Sprintf("skill-%02d", i))
			id := fmt.Sprintf("op-%d", i)
			assert.NoError(t, db.Begin(t.Context(), operation(id, s)))
			assert.NoError(t, db.CommitInstall(t.Context(), id, s))
			_, err := db.Skills(t.Context(), skills.ListOptions{})
			assert.NoError(t, err)
			got, err := db.Skill(t.Context(), s.Key())
			assert.NoError(t, err, "a writer reads what it wrote")
			assert.Equal(t, s, got)
			assert.NoError(t, db.End(t.Context(), id))
		})
	}
	all.Wait()
	list, err := db.Skills(t.Context(), skills.ListOptions{})
	require.NoError(t, err)
	assert.Len(t, list, many)
	assert.Empty(t, phases(t, db))
}
