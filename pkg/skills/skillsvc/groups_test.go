// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("my-skill", "1", "my-skill")
	install := func(group string) error {
		_, err := w.Install(t.Context(), skills.InstallOptions{Name: "my-skill", Clients: []string{"claude-code"}, Group: group})
		return err
	}
	members := func(name string) []string {
		t.Helper()
		group, err := w.Group(t.Context(), name)
		require.NoError(t, err)
		return group.Skills
	}
	assert.True(t, skills.IsKind(install("my team"), skills.NotFound), "an unknown group fails the install")
	assert.NoDirExists(t, w.home+"/.claude", "before anything is written")

	require.NoError(t, w.CreateGroup(t.Context(), "my team"))
	require.NoError(t, install("my team"))
	assert.Equal(t, []string{"my-skill"}, members("my team"))
	require.NoError(t, install(""))
	assert.Equal(t, []string{"my-skill"}, members("my team"), "a reinstall that names no group leaves it where it is")
	require.NoError(t, install("default"))
	assert.Equal(t, []string{"my-skill"}, members("default"))
	assert.Empty(t, members("my team"))

	require.NoError(t, install("my team"))
	for group, want := range map[string]int{"my team": 1, "default": 0, "nobody": 0, "": 1} {
		list, err := w.List(t.Context(), skills.ListOptions{Group: group})
		require.NoError(t, err)
		assert.Len(t, list, want, group)
	}
	require.NoError(t, w.DeleteGroup(t.Context(), "my team"))
	assert.Equal(t, []string{"my-skill"}, members("default"), "the skills of a group that goes stay installed")
	require.NoError(t, w.Uninstall(t.Context(), skills.Key{Name: "my-skill"}))
	list, err := w.ListGroups(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Empty(t, list[0].Skills, "what is uninstalled is in no group")
}

func TestGroupErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.CreateGroup(t.Context(), "team"))
	_, unknown := w.Group(t.Context(), "nobody")
	_, malformed := w.Group(t.Context(), "No Body")
	for name, test := range map[string]struct {
		err  error
		kind skills.Kind
	}{
		"create twice":         {w.CreateGroup(t.Context(), "team"), skills.Conflict},
		"create the default":   {w.CreateGroup(t.Context(), "default"), skills.Conflict},
		"create malformed":     {w.CreateGroup(t.Context(), " team"), skills.Invalid},
		"delete the default":   {w.DeleteGroup(t.Context(), "default"), skills.Invalid},
		"delete unknown":       {w.DeleteGroup(t.Context(), "nobody"), skills.NotFound},
		"delete malformed":     {w.DeleteGroup(t.Context(), "../x"), skills.Invalid},
		"look at an unknown":   {unknown, skills.NotFound},
		"look at a malformed":  {malformed, skills.Invalid},
		"create without name":  {w.CreateGroup(t.Context(), ""), skills.Invalid},
		"create with two gaps": {w.CreateGroup(t.Context(), "a  b"), skills.Invalid},
	} {
		assert.Equal(t, test.kind, skills.KindOf(test.err), "%s: %v", name, test.err)
	}
}

func TestOneOfManyCreatesTheGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var created atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			err := w.CreateGroup(t.Context(), "team")
			if err == nil {
				created.Add(1)
				return
			}
			assert.True(t, skills.IsKind(err, skills.Conflict), "%v", err)
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, created.Load())
}

func TestDiscoverClientsIsSorted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found, err := w.DiscoverClients(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for i, c := range found {
		assert.False(t, c.Installed)
		if i > 0 {
			assert.Less(t, found[i-1].ID, c.ID)
		}
	}
}
