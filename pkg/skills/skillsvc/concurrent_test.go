// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

var concurrentFor = flag.Duration("concurrent", 3*time.Second, "how long the concurrency test changes skills")

// TestConcurrentChanges installs, reinstalls and uninstalls a few skills from
// many sides at once. At the end the folders hold what the records say, whole,
// and nothing else.
func TestConcurrentChanges(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := newCrowd(t)
	ctx, stop := context.WithTimeout(t.Context(), *concurrentFor)
	defer stop()
	var all sync.WaitGroup
	for i := range 8 {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				c.change(ctx, random)
			}
		})
	}
	all.Wait()
	c.check()
}

// crowd is a world with skills in two versions each, and places for them.
type crowd struct {
	*world
	names []string
	// files has what a version of a skill consists of, by its digest.
	files map[string]map[string]string
	// roots are the folders that skills are installed below.
	projects, roots []string
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{
		world: newWorld(t), names: []string{"alpha", "beta", "gamma"},
		files: make(map[string]map[string]string), projects: []string{t.TempDir(), t.TempDir()},
	}
	c.roots = append([]string{c.home}, c.projects...)
	for _, name := range c.names {
		for _, version := range []string{"1", "2"} {
			dir := folder(t, name, version)
			for i := range 5 {
				file := fmt.Sprintf("data-%s-%d.txt", version, i)
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(name+version), 0o644))
			}
			built, err := c.Build(t.Context(), skills.BuildOptions{Path: dir, Tag: name + "-" + version})
			require.NoError(t, err)
			c.files[built.Digest] = filesBelow(t, dir)
		}
	}
	return c
}

// change does something at random. Only what the others may have caused may
// keep it from that.
func (c *crowd) change(ctx context.Context, random *rand.Rand) {
	key := skills.Key{Name: c.names[random.IntN(len(c.names))], Scope: skills.ScopeUser}
	if random.IntN(2) == 0 {
		key.Scope, key.ProjectRoot = skills.ScopeProject, c.projects[random.IntN(len(c.projects))]
	}
	var err error
	switch random.IntN(10) {
	case 0:
		err = c.CreateGroup(ctx, "team")
	case 1:
		err = c.DeleteGroup(ctx, "team")
	case 2, 3, 4:
		err = c.Uninstall(ctx, key)
	default:
		clients := []string{"amp-cli", "claude-code", "codex", "cursor", "vscode"}
		random.Shuffle(len(clients), func(i, j int) { clients[i], clients[j] = clients[j], clients[i] })
		_, err = c.Install(ctx, skills.InstallOptions{
			Name: key.Name, Version: fmt.Sprint(1 + random.IntN(2)), Scope: key.Scope, ProjectRoot: key.ProjectRoot,
			Clients: clients[:1+random.IntN(len(clients))], Group: []string{"", "team"}[random.IntN(2)],
		})
	}
	gone := skills.IsKind(err, skills.NotFound) || err != nil && err.Error() == `group "team" exists already`
	if err != nil && !gone && ctx.Err() == nil {
		assert.NoError(c.t, err)
	}
}

// check holds the folders against the records.
func (c *crowd) check() {
	installed, err := c.List(c.t.Context(), skills.ListOptions{})
	require.NoError(c.t, err)
	expected := make(map[string]string)
	members := make(map[string]map[string]bool)
	for _, skill := range installed {
		require.Contains(c.t, c.files, skill.Digest)
		require.NotEmpty(c.t, skill.Targets)
		for _, target := range skill.Targets {
			for name, text := range c.files[skill.Digest] {
				expected[filepath.Join(target.Base, target.Path, name)] = text
			}
		}
		if members[skill.Group] == nil {
			members[skill.Group] = make(map[string]bool)
		}
		members[skill.Group][skill.Metadata.Name] = true
	}
	found := make(map[string]string)
	for _, root := range c.roots {
		resolved, err := filepath.EvalSymlinks(root)
		require.NoError(c.t, err)
		for name, text := range filesBelow(c.t, resolved) {
			found[filepath.Join(resolved, name)] = text
		}
	}
	assert.Equal(c.t, expected, found, "the folders hold what the records say")

	groups, err := c.ListGroups(c.t.Context())
	require.NoError(c.t, err)
	for _, group := range groups {
		assert.Len(c.t, group.Skills, len(members[group.Name]), group.Name)
		for _, name := range group.Skills {
			assert.True(c.t, members[group.Name][name], "%s in %s", name, group.Name)
		}
	}
	pending, err := c.State.Operations(c.t.Context())
	require.NoError(c.t, err)
	assert.Empty(c.t, pending, "no change is left half done")
}

// filesBelow reads all files below dir, hidden ones included, and fails for a
// folder that staging has left behind.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	root := os.DirFS(dir)
	require.NoError(t, fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		assert.False(t, entry.IsDir() && strings.HasPrefix(entry.Name(), ".skilld-"), "%s is left behind", name)
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		files[filepath.FromSlash(name)] = string(text)
		return err
	}))
	return files
}
