// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/internal/registrytest"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// reports are what was said of a piece of work.
type reports struct {
	mu  sync.Mutex
	all []skills.Progress
}

// follow returns a context whose work is noted.
func (r *reports) follow(ctx context.Context) context.Context {
	return skills.WithProgress(ctx, func(p skills.Progress) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, p)
	})
}

// areWhole checks that one activity of total bytes was reported from its
// beginning to its end, and never as more than done.
func (r *reports) areWhole(t *testing.T, activity skills.Activity, total int64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NotEmpty(t, r.all)
	assert.Equal(t, skills.Progress{Activity: activity, Total: total}, r.all[0])
	assert.Equal(t, skills.Progress{Activity: activity, Done: total, Total: total}, r.all[len(r.all)-1])
	for _, p := range r.all {
		assert.Equal(t, activity, p.Activity)
		assert.Equal(t, total, p.Total)
		assert.GreaterOrEqual(t, p.Done, int64(0))
		assert.LessOrEqual(t, p.Done, total)
	}
}

func TestPushReportsItsProgress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault registrytest.Fault
		twice bool
	}{
		"to an empty registry":           {},
		"to a registry that has it":      {twice: true},
		"of which a part is sent twice":  {fault: registrytest.On(http.MethodPut, "/blobs/", registrytest.Times(2, sink))},
		"of which a manifest is resent":  {fault: registrytest.On(http.MethodPut, "/manifests/", registrytest.Times(1, sink))},
		"to a registry that wants proof": {fault: registrytest.On(http.MethodPost, "/blobs/", registrytest.Times(1, registrytest.Status(503, "", "")))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.Open(t)
			lease := scratch(t)
			artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), "release-notes")), lease)
			require.NoError(t, err)
			ref := reference(t, server.Reference("org/release-notes", "v1"))
			if test.twice {
				require.NoError(t, newClient("", "").Push(t.Context(), lease, artifact.Descriptor, ref))
			}
			server.Break(test.fault)
			var seen reports
			require.NoError(t, newClient("", "").Push(seen.follow(t.Context()), lease, artifact.Descriptor, ref))
			seen.areWhole(t, skills.ActivityPush, sizeOf(t, lease, artifact))
		})
	}
}

// sink takes a request's body and then fails.
func sink(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = r.Body.Read(make([]byte, 1<<10))
	w.WriteHeader(http.StatusServiceUnavailable)
}

// sizeOf is the size of all that the artifact consists of, in bytes.
func sizeOf(t *testing.T, lease *oci.Lease, artifact oci.Artifact) int64 {
	t.Helper()
	size := artifact.Descriptor.Size + artifact.Layer.Size
	var index ocispec.Index
	require.NoError(t, json.Unmarshal(fetch(t, lease, artifact.Descriptor), &index))
	for _, desc := range index.Manifests {
		size += desc.Size
		var manifest ocispec.Manifest
		require.NoError(t, json.Unmarshal(fetch(t, lease, desc), &manifest))
		size += manifest.Config.Size
	}
	return size
}

func TestPullReportsItsProgress(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	ref := reference(t, server.Reference("org/release-notes", "v1"))
	client := newClient("", "")
	artifact := publish(t, client, ref, "release-notes")
	lease := scratch(t)
	for _, what := range []string{"into an empty store", "of what is there"} {
		var seen reports
		_, err := client.Pull(seen.follow(t.Context()), ref, lease)
		require.NoError(t, err, what)
		seen.areWhole(t, skills.ActivityPull, artifact.Layer.Size)
	}
	var seen reports
	require.NoError(t, oci.Extract(seen.follow(t.Context()), lease, artifact.Layer, drain))
	seen.areWhole(t, skills.ActivityExtract, artifact.Layer.Size)
}
