// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestDefaultGroupAlwaysExists(t *testing.T) {
	t.Parallel()
	db := open(t)
	groups, err := db.Groups(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []skills.Group{{Name: skills.DefaultGroup, Skills: []string{}}}, groups)

	err = db.DeleteGroup(t.Context(), skills.DefaultGroup)
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
	err = db.CreateGroup(t.Context(), skills.DefaultGroup)
	assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
	_, err = db.Group(t.Context(), skills.DefaultGroup)
	assert.NoError(t, err)
}

func TestGroupsComeAndGo(t *testing.T) {
	t.Parallel()
	db := open(t)
	require.NoError(t, db.CreateGroup(t.Context(), "my team"))
	require.NoError(t, db.CreateGroup(t.Context(), "a"))
	s := record("b-skill")
	s.Group = "my team"
	commit(t, db, s)
	commit(t, db, record("a-skill"))

	groups, err := db.Groups(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []skills.Group{
		{Name: "a", Skills: []string{}},
		{Name: skills.DefaultGroup, Skills: []string{"a-skill"}},
		{Name: "my team", Skills: []string{"b-skill"}},
	}, groups)

	require.NoError(t, db.DeleteGroup(t.Context(), "my team"))
	_, err = db.Group(t.Context(), "my team")
	assert.True(t, skills.IsKind(err, skills.NotFound), "%v", err)
	group, err := db.Group(t.Context(), skills.DefaultGroup)
	require.NoError(t, err)
	assert.Equal(t, []string{"a-skill", "b-skill"}, group.Skills, "skills of a deleted group join the default one")
}

func TestGroupErrors(t *testing.T) {
	t.Parallel()
	db := open(t)
	require.NoError(t, db.CreateGroup(t.Context(), "taken"))
	for name, tt := range map[string]struct {
		err  error
		kind skills.Kind
	}{
		"create a bad name":   {db.CreateGroup(t.Context(), "Bad/Name"), skills.Invalid},
		"create it again":     {db.CreateGroup(t.Context(), "taken"), skills.Conflict},
		"delete an unknown":   {db.DeleteGroup(t.Context(), "unknown"), skills.NotFound},
		"delete an empty one": {db.DeleteGroup(t.Context(), ""), skills.NotFound},
	} {
		assert.True(t, skills.IsKind(tt.err, tt.kind), "%s: %v", name, tt.err)
	}
}

func TestOneOfManySimultaneousCreatorsWins(t *testing.T) {
	t.Parallel()
	db := open(t)
	const many = 10
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { errs[i] = db.CreateGroup(t.Context(), "team") })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
	}
	assert.Equal(t, 1, won)
}
