// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestCacheFreshness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.skills[published] = "my-skill 1"
	preview := func() *skills.Content {
		t.Helper()
		got, err := w.Content(t.Context(), published)
		require.NoError(t, err)
		return got
	}
	assert.Contains(t, preview().Body, "my-skill 1")
	preview()
	assert.Equal(t, 1, w.registry.pulls, "the cache answers")
	assert.Zero(t, w.registry.checks, "and is fresh for a minute")

	w.clock = w.clock.Add(61 * time.Second)
	assert.False(t, preview().Stale)
	preview()
	assert.Equal(t, 1, w.registry.checks, "then the registry is asked once")
	assert.Equal(t, 1, w.registry.pulls)

	w.registry.skills[published] = "my-skill 2"
	w.clock = w.clock.Add(61 * time.Second)
	assert.Contains(t, preview().Body, "my-skill 2", "a tag that has moved is pulled again")

	w.registry.errs[published] = errors.New("connection refused")
	w.clock = w.clock.Add(61 * time.Second)
	got := preview()
	assert.True(t, got.Stale, "a registry that is down leaves the cached copy")
	assert.Contains(t, got.Body, "my-skill 2")
	assert.True(t, preview().Stale)

	delete(w.registry.errs, published)
	assert.False(t, preview().Stale)
}

func TestDigestsNeverAskAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := w.build("my-skill", "1", "elsewhere")
	require.NoError(t, w.DeleteBuild(t.Context(), "elsewhere"))
	ref := "ghcr.io/org/my-skill@" + digest
	w.registry.skills[ref] = "my-skill 1"
	for range 3 {
		_, err := w.Content(t.Context(), ref)
		require.NoError(t, err)
		w.clock = w.clock.Add(time.Hour)
	}
	assert.Equal(t, 1, w.registry.pulls)
	assert.Zero(t, w.registry.checks)
}

func TestSimultaneousPulls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.skills[published] = "my-skill 1"
	w.registry.slow = make(chan struct{})

	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := w.Content(ctx, published)
		left <- err
	}()
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			got, err := w.Content(t.Context(), published)
			if assert.NoError(t, err) {
				assert.Contains(t, got.Body, "my-skill 1")
			}
		})
	}
	leave()
	assert.Error(t, <-left)
	close(w.registry.slow)
	waiting.Wait()
	assert.LessOrEqual(t, w.registry.pulls, 1, "a caller that leaves does not cancel the pull of the others")
}

func TestEverybodyFollowsASharedPull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.skills[published] = "my-skill 1"
	w.registry.slow = make(chan struct{})
	var waiting sync.WaitGroup
	var began sync.WaitGroup
	for range 3 {
		began.Add(1)
		waiting.Go(func() {
			begin := sync.OnceFunc(began.Done)
			var pulled []int64
			ctx := skills.WithProgress(t.Context(), func(p skills.Progress) {
				if p.Activity == skills.ActivityPull {
					pulled = append(pulled, p.Done)
					begin()
				}
			})
			_, err := w.Content(ctx, published)
			assert.NoError(t, err)
			assert.Equal(t, []int64{0, 10}, pulled)
		})
	}
	began.Wait()
	close(w.registry.slow)
	waiting.Wait()
	assert.Equal(t, 1, w.registry.pulls)
}

func TestPullsLeaveBuildsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	digest := w.build("my-skill", "1", published)
	w.build("my-skill", "1", "v1")
	w.registry.skills[published] = "my-skill remote"
	w.registry.skills["ghcr.io/team/my-skill:2"] = "my-skill 1"

	_, err := w.Content(t.Context(), "ghcr.io/team/my-skill:2")
	require.NoError(t, err)
	got, err := w.Install(t.Context(), skills.InstallOptions{Name: published, Clients: []string{"cursor"}})
	require.NoError(t, err)
	assert.NotEqual(t, digest, got.Digest, "a reference installs what the registry has")

	builds, err := w.ListBuilds(t.Context())
	require.NoError(t, err)
	require.Len(t, builds, 2, "what was built here, and no more")
	assert.Equal(t, published, builds[0].Tag)
	assert.Equal(t, digest, builds[0].Digest, "the build is not hidden behind the pull")
	assert.Equal(t, "v1", builds[1].Tag)
}

func TestGitPreviewsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.git.skills["git://github.com/org/repo"] = "my-skill 1"
	for range 3 {
		got, err := w.Content(t.Context(), "git://github.com/org/repo")
		require.NoError(t, err)
		assert.Contains(t, got.ETag, commit)
	}
	assert.EqualValues(t, 1, w.git.fetches.Load(), "a known commit costs one question")

	request := skills.InstallOptions{Name: "git://github.com/org/repo", Clients: []string{"cursor"}}
	first, err := w.Install(t.Context(), request)
	require.NoError(t, err)
	again, err := w.Install(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.EqualValues(t, 2, w.git.fetches.Load(), "the same commit again writes nothing")
}

func TestSimultaneousGitPreviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.git.skills["git://github.com/org/repo"] = "my-skill 1"
	w.git.slow = make(chan struct{})
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			got, err := w.Content(t.Context(), "git://github.com/org/repo")
			if assert.NoError(t, err) {
				assert.Contains(t, got.Body, "my-skill 1")
			}
		})
	}
	require.Eventually(t, func() bool { return w.git.fetches.Load() > 0 }, time.Minute, time.Millisecond)
	close(w.git.slow)
	waiting.Wait()
	assert.EqualValues(t, 1, w.git.fetches.Load(), "simultaneous previews share one fetch")
}
