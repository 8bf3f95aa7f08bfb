// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/internal/registrytest"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

func TestPushKeepsTheMarkerAtHome(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	lease := scratch(t)
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), "minimal")), lease)
	require.NoError(t, err)
	marked := artifact.Descriptor
	marked.Annotations = map[string]string{oci.AnnotationLocalBuild: "true"}
	ref := reference(t, server.Reference("org/minimal", "v1"))
	require.NoError(t, lease.Tag(t.Context(), marked, ref.String()))
	local, err := lease.Resolve(t.Context(), ref.String())
	require.NoError(t, err)
	require.NoError(t, newClient("", "").Push(t.Context(), lease, local, ref))

	repo := repository(t, server, "org/minimal")
	pushed, err := repo.Resolve(t.Context(), "v1")
	require.NoError(t, err)
	assert.Equal(t, artifact.Descriptor, pushed)
	for _, name := range []string{"v1", artifact.Manifest.Digest.String()} {
		found, err := repo.Resolve(t.Context(), name)
		require.NoError(t, err)
		there, here := fetch(t, repo, found), fetch(t, lease, found)
		assert.Equal(t, here, there)
		assert.NotContains(t, string(there), "local-build")
		assert.NotContains(t, string(there), "stacklok")
	}
}

func TestPushSendsOnlyWhatIsNotThere(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	client := newClient("", "")
	publish(t, client, reference(t, server.Reference("org/minimal", "v1")), "minimal")
	assert.Equal(t, 3, server.Count(http.MethodPut, "/blobs/"), "a layer and two configs")
	server.Forget()
	publish(t, client, reference(t, server.Reference("org/minimal", "v2")), "minimal")
	assert.Zero(t, server.Count(http.MethodPost, "/blobs/"))
	assert.Zero(t, server.Count(http.MethodPut, "/blobs/"))
	assert.Equal(t, 1, server.Count(http.MethodPut, "/manifests/"))
	assert.Equal(t, 1, server.Count(http.MethodPut, "/manifests/v2"))
}

func TestOtherToolsGetWhatWasPushed(t *testing.T) {
	t.Parallel()
	skopeo, err := exec.LookPath("skopeo")
	if err != nil {
		t.Skip("skopeo is not installed")
	}
	server := registrytest.Open(t)
	built := publish(t, newClient("", ""), reference(t, server.Reference("org/minimal", "v1")), "minimal")
	layout := filepath.Join(t.TempDir(), "layout")
	output, err := exec.CommandContext(t.Context(), skopeo, "--insecure-policy", "copy", "--all", "--src-tls-verify=false",
		"docker://"+server.Reference("org/minimal", "v1"), "oci:"+layout+":v1").CombinedOutput()
	require.NoError(t, err, string(output))
	store := openStore(t, layout)
	desc, err := store.lease(t).Resolve(t.Context(), "v1")
	require.NoError(t, err)
	assert.Equal(t, built.Descriptor.Digest, desc.Digest)
}

func TestPushSaysWhatTheRegistrySaid(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	server.Break(registrytest.On(http.MethodPost, "/blobs/", registrytest.Status(403, "DENIED", "read only")))
	lease := scratch(t)
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), "minimal")), lease)
	require.NoError(t, err)
	err = newClient("", "").Push(t.Context(), lease, artifact.Descriptor, reference(t, server.Reference("org/minimal", "v1")))
	var response *oci.ResponseError
	require.ErrorAs(t, err, &response)
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
	assert.ErrorContains(t, err, "read only")
}

func TestPushBlamesTheStoreForItsOwnBlobs(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	lease := scratch(t)
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), "minimal")), lease)
	require.NoError(t, err)
	err = newClient("", "").Push(t.Context(), scratch(t), artifact.Descriptor, reference(t, server.Reference("org/minimal", "v1")))
	require.ErrorIs(t, err, oci.ErrStore)
	var response *oci.ResponseError
	assert.NotErrorAs(t, err, &response)
}

func TestPushNeedsATag(t *testing.T) {
	t.Parallel()
	ref := reference(t, "127.0.0.1:5000/org/name@sha256:0000000000000000000000000000000000000000000000000000000000000000")
	err := newClient("", "").Push(t.Context(), scratch(t), newForeign(t).manifest(), ref)
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
}
