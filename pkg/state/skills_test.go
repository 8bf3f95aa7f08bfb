// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/state"
)

func TestRecordComesBackAsItWas(t *testing.T) {
	t.Parallel()
	bare := skills.InstalledSkill{
		Metadata: skills.Metadata{Name: "bare"}, Scope: skills.ScopeUser, Status: skills.StatusPending, Group: skills.DefaultGroup,
	}
	for name, want := range map[string]skills.InstalledSkill{
		"all fields":    record("full"),
		"a project":     inProject(record("full"), filepath.Join(home(), "it's 100% \"mine\"")),
		"nothing extra": bare,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "skilld.db")
			db, err := state.Open(t.Context(), path)
			require.NoError(t, err)
			commit(t, db, want)
			got, err := db.Skill(t.Context(), want.Key())
			require.NoError(t, err)
			assert.Equal(t, want, got)
			require.NoError(t, db.Close())

			got, err = openAt(t, path).Skill(t.Context(), want.Key())
			require.NoError(t, err, "after opening the file again")
			assert.Equal(t, want, got)
		})
	}
}

func TestTimeOfInstallIsKeptInUTC(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := record("a-skill")
	s.InstalledAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	commit(t, db, s)
	got, err := db.Skill(t.Context(), s.Key())
	require.NoError(t, err)
	assert.Equal(t, s.InstalledAt.UTC(), got.InstalledAt)
}

func TestSkillThatIsNotInstalledIsNotFound(t *testing.T) {
	t.Parallel()
	db := open(t)
	commit(t, db, record("a-skill"))
	for _, key := range []skills.Key{
		{Name: "another", Scope: skills.ScopeUser},
		{Name: "a-skill", Scope: skills.ScopeProject, ProjectRoot: home()},
		{Name: "A-SKILL", Scope: skills.ScopeUser},
	} {
		_, err := db.Skill(t.Context(), key)
		assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
		assert.ErrorContains(t, err, key.Name)
	}
}

func TestSkillsAreFilteredAndSorted(t *testing.T) {
	t.Parallel()
	db := open(t)
	one, two := filepath.Join(home(), "one"), filepath.Join(home(), "two")
	require.NoError(t, db.CreateGroup(t.Context(), "team"))
	grouped := record("b-skill")
	grouped.Group = "team"
	for _, s := range []skills.InstalledSkill{
		record("c-skill"), inProject(record("a-skill"), two), grouped, inProject(record("a-skill"), one), record("a-skill"),
	} {
		commit(t, db, s)
	}
	for name, tt := range map[string]struct {
		opts skills.ListOptions
		want []string
	}{
		"all":             {skills.ListOptions{}, []string{"a-skill project one", "a-skill project two", "a-skill user", "b-skill user", "c-skill user"}},
		"user scope":      {skills.ListOptions{Scope: skills.ScopeUser}, []string{"a-skill user", "b-skill user", "c-skill user"}},
		"a project":       {skills.ListOptions{ProjectRoot: two}, []string{"a-skill project two"}},
		"a group":         {skills.ListOptions{Group: "team"}, []string{"b-skill user"}},
		"a client":        {skills.ListOptions{Client: "goose"}, []string{"a-skill user", "b-skill user", "c-skill user"}},
		"everything":      {skills.ListOptions{Scope: skills.ScopeUser, Client: "codex", Group: "team"}, []string{"b-skill user"}},
		"unknown client":  {skills.ListOptions{Client: "nobody"}, []string{}},
		"unknown group":   {skills.ListOptions{Group: "nobody"}, []string{}},
		"not a substring": {skills.ListOptions{Client: "code"}, []string{}},
		"no SQL":          {skills.ListOptions{Client: "' OR 1=1 --"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := db.Skills(t.Context(), tt.opts)
			require.NoError(t, err)
			got := []string{}
			for _, s := range list {
				line := s.Metadata.Name + " " + string(s.Scope)
				if s.ProjectRoot != "" {
					line += " " + filepath.Base(s.ProjectRoot)
				}
				got = append(got, line)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestOwnerOfAFolder(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := record("a-skill")
	commit(t, db, s)

	key, owned, err := db.Owner(t.Context(), s.Targets[1])
	require.NoError(t, err)
	assert.True(t, owned)
	assert.Equal(t, s.Key(), key)

	same := skills.Target{Base: filepath.Join(home(), ".claude"), Path: "skills/a-skill"}
	key, owned, err = db.Owner(t.Context(), same)
	require.NoError(t, err)
	assert.True(t, owned, "the same folder below another base")
	assert.Equal(t, s.Key(), key)

	_, owned, err = db.Owner(t.Context(), skills.Target{Base: home(), Path: ".cursor/skills/a-skill"})
	require.NoError(t, err)
	assert.False(t, owned)
}

// BenchmarkSkills lists 1,000 installed skills.
func BenchmarkSkills(b *testing.B) {
	db := open(b)
	for i := range 1000 {
		commit(b, db, record(fmt.Sprintf("skill-%04d", i)))
	}
	for b.Loop() {
		list, err := db.Skills(context.Background(), skills.ListOptions{})
		if err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkSkill reads one record of 1,000.
func BenchmarkSkill(b *testing.B) {
	db := open(b)
	for i := range 1000 {
		commit(b, db, record(fmt.Sprintf("skill-%04d", i)))
	}
	for b.Loop() {
		if _, err := db.Skill(context.Background(), skills.Key{Name: "skill-0500", Scope: skills.ScopeUser}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommitInstall journals, records and ends one install.
func BenchmarkCommitInstall(b *testing.B) {
	db := open(b)
	for b.Loop() {
		commit(b, db, record("a-skill"))
	}
}
