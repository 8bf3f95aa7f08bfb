// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
)

func TestVerifyRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"kept", "folder-gone", "text-gone", "interrupted"} {
		w.build(name, "1", name)
		_, err := w.Install(t.Context(), skills.InstallOptions{Name: name, Clients: []string{"claude-code"}})
		require.NoError(t, err)
	}
	folder := func(name string) string { return filepath.Join(w.home, ".claude", "skills", name) }
	report, err := skillsvc.VerifyRecords(t.Context(), w.State)
	require.NoError(t, err)
	assert.Equal(t, skillsvc.RecordReport{Skills: 4, Problems: []skillsvc.RecordProblem{}}, report)

	require.NoError(t, os.RemoveAll(folder("folder-gone")))
	require.NoError(t, os.Remove(filepath.Join(folder("text-gone"), skills.SkillFile)))
	require.NoError(t, os.RemoveAll(folder("interrupted")))
	key := skills.Key{Name: "interrupted", Scope: skills.ScopeUser}
	require.NoError(t, w.State.Begin(t.Context(), skills.Operation{ID: "x", Key: key, Phase: skills.PhaseSwapping}))
	report, err = skillsvc.VerifyRecords(t.Context(), w.State)
	require.NoError(t, err)
	assert.Equal(t, 4, report.Skills)
	assert.Equal(t, 1, report.Interrupted)
	require.Len(t, report.Problems, 2)
	assert.Equal(t, skillsvc.RecordProblem{
		Skill: "folder-gone", Folder: folder("folder-gone"),
		Message: `the skill "folder-gone" is not in ` + folder("folder-gone") + ` any more, where it is recorded to be installed; install it again, or uninstall it`,
	}, report.Problems[0])
	assert.Equal(t, "text-gone", report.Problems[1].Skill)
}

func TestListOfBuildsIsTheSameSliceUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("first", "1", "first")
	list := func() *skills.Build {
		builds, err := w.ListBuilds(t.Context())
		require.NoError(t, err)
		return &builds[0]
	}
	before := list()
	assert.Same(t, before, list())
	w.build("second", "1", "second")
	assert.NotSame(t, before, list())
}
