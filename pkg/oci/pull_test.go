// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"

	"github.com/skilld/skilld/internal/registrytest"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

func TestPullOfBrokenContent(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fault registrytest.Fault
		is    error
		kind  skills.Kind
		says  string
	}{
		"a cut blob":           {registrytest.On("", "/blobs/", registrytest.Cut()), io.ErrUnexpectedEOF, skills.Internal, "EOF"},
		"a blob of another":    {registrytest.On("", "/blobs/", registrytest.Garble()), content.ErrMismatchedDigest, skills.Internal, "digest"},
		"an endless blob":      {registrytest.On("", "/blobs/", registrytest.Endless()), content.ErrTrailingData, skills.Internal, "more than"},
		"a garbled manifest":   {registrytest.On("", "/manifests/", registrytest.Garble()), content.ErrMismatchedDigest, skills.Internal, "digest"},
		"a large manifest":     {registrytest.On("", "/manifests/", registrytest.Oversized(oci.MaxManifestSize+1, false)), nil, skills.Unprocessable, "1 MiB"},
		"a manifest in chunks": {registrytest.On("", "/manifests/", registrytest.Oversized(oci.MaxManifestSize+1, true)), nil, skills.Unprocessable, "1 MiB"},
		"an endless manifest":  {registrytest.On(http.MethodGet, "/manifests/", registrytest.Endless()), nil, skills.Unprocessable, "1 MiB"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.Open(t)
			ref := reference(t, server.Reference("org/minimal", "v1"))
			publish(t, newClient("", ""), ref, "minimal")
			server.Break(c.fault)

			store := newStore(t)
			lease := store.Lease()
			_, err := newClient("", "").Pull(t.Context(), ref, lease)
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, c.kind, skills.KindOf(err), "%v", err)
			assert.NotErrorIs(t, err, oci.ErrStore)
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			}
			lease.Release()
			store.settle(t)
			assert.Empty(t, store.onDisk(t), "no stray blob is left")
			assert.Empty(t, store.unfinished(t))
		})
	}
}

func TestPullTakesAManifestOfUntoldLength(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	built := publish(t, newClient("", ""), ref, "minimal")
	server.Forget()
	server.Break(registrytest.On(http.MethodGet, "/manifests/", func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		registry.ServeHTTP(chunked{w}, r)
	}))
	desc, err := newClient("", "").Pull(t.Context(), ref, scratch(t))
	require.NoError(t, err)
	assert.Equal(t, built.Descriptor, desc)
	assert.Zero(t, server.Count(http.MethodHead, ""))
}

// chunked keeps the length of a body to itself.
type chunked struct{ http.ResponseWriter }

func (c chunked) WriteHeader(status int) {
	c.Header().Del("Content-Length")
	c.ResponseWriter.WriteHeader(status)
	_ = http.NewResponseController(c.ResponseWriter).Flush()
}

func (c chunked) Write(p []byte) (int, error) {
	c.Header().Del("Content-Length")
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	return c.ResponseWriter.Write(p)
}

func TestPullFetchesNothingTwice(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	publish(t, newClient("", ""), ref, "minimal")
	lease := scratch(t)
	server.Forget()
	_, err := newClient("", "").Pull(t.Context(), ref, lease)
	require.NoError(t, err)
	assert.Equal(t, 3, server.Count(http.MethodGet, "/blobs/"), "the layer is shared")
	assert.Equal(t, 3, server.Count(http.MethodGet, "/manifests/"))
	server.Forget()
	_, err = newClient("", "").Pull(t.Context(), ref, lease)
	require.NoError(t, err)
	assert.Len(t, server.Requests(), 1)
}

func TestPullTakesTheArtifactsOfOtherTools(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	f := newForeign(t)
	tarball := archive(t, file("SKILL.md", "---\nname: a-skill\ndescription: x\n---\n"), file("docs/a.md", "a"))
	f.change = withLayer(f, tarball)
	f.upload(server, "org/a-skill", f.manifest())

	lease := scratch(t)
	desc, err := newClient("", "").Pull(t.Context(), reference(t, server.Reference("org/a-skill", "v1")), lease)
	require.NoError(t, err)
	artifact, err := oci.ReadArtifact(t.Context(), lease, desc)
	require.NoError(t, err)
	assert.Equal(t, int64(len(tarball)), artifact.Layer.Size)
	assert.NoError(t, oci.Extract(t.Context(), lease, artifact.Layer, drain))
}

func TestPullRefusesBeforeTheFirstLayer(t *testing.T) {
	t.Parallel()
	small := []byte("a layer that is never fetched")
	cases := map[string]struct {
		make func(f *foreign) ocispec.Descriptor
		says string
	}{
		"another artifact": {
			make: func(f *foreign) ocispec.Descriptor {
				layered := f.change
				f.change = func(m *ocispec.Manifest) { layered(m); m.ArtifactType = "application/vnd.example" }
				return f.manifest()
			},
			says: "application/vnd.example",
		},
		"an index of another artifact": {
			make: func(f *foreign) ocispec.Descriptor {
				f.changeIndex = func(i *ocispec.Index) { i.ArtifactType = "application/vnd.example" }
				return f.index(f.manifest())
			},
			says: "application/vnd.example",
		},
		"no name": {
			make: func(f *foreign) ocispec.Descriptor {
				delete(f.config.Config.Labels, oci.KeyName)
				return f.manifest()
			},
			says: oci.KeyName,
		},
		"a layer over 50 MiB": {
			make: func(f *foreign) ocispec.Descriptor {
				f.resize(ocispec.MediaTypeImageLayerGzip, oci.MaxLayerSize+1)
				return f.manifest()
			},
			says: "50 MiB",
		},
		"another blob over 100 MiB": {
			make: func(f *foreign) ocispec.Descriptor {
				f.resize("application/octet-stream", oci.MaxBlobSize+1)
				return f.manifest()
			},
			says: "100 MiB",
		},
		"an artifact over 500 MiB": {
			make: func(f *foreign) ocispec.Descriptor {
				layered := f.change
				f.change = func(m *ocispec.Manifest) {
					layered(m)
					for i := range 6 {
						m.Layers = append(m.Layers, ocispec.Descriptor{
							MediaType: "application/octet-stream", Size: oci.MaxBlobSize,
							Digest: digest.FromString(fmt.Sprint(i)),
						})
					}
				}
				return f.manifest()
			},
			says: "500 MiB",
		},
		"a manifest for a layer": {
			make: func(f *foreign) ocispec.Descriptor {
				f.resize(ocispec.MediaTypeImageManifest, int64(len(small)))
				return f.manifest()
			},
			says: "its layer is a",
		},
		"a config over 1 MiB": {
			make: func(f *foreign) ocispec.Descriptor {
				layered := f.change
				f.change = func(m *ocispec.Manifest) { layered(m); m.Config.Size = oci.MaxManifestSize + 1 }
				return f.manifest()
			},
			says: "1 MiB",
		},
		"a digest of another kind": {
			make: func(f *foreign) ocispec.Descriptor {
				layered := f.change
				f.change = func(m *ocispec.Manifest) {
					layered(m)
					m.Layers[0].Digest = digest.SHA512.FromBytes(small)
				}
				return f.manifest()
			},
			says: "sha512",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.Open(t)
			f := newForeign(t)
			f.change = withLayer(f, small)
			root := c.make(f)
			server.Break(f.answers(root))
			_, err := newClient("", "").Pull(t.Context(), reference(t, server.Reference("org/a-skill", "v1")), scratch(t))
			require.ErrorContains(t, err, c.says)
			assert.Equal(t, skills.Unprocessable, skills.KindOf(err), "%v", err)
			assert.Zero(t, server.Count("", digest.FromBytes(small).Encoded()), "the layer was not asked for")
		})
	}
}

// TestPullMemoryDoesNotGrowWithTheSkill looks at all that is ever allocated. It
// runs beside no other test.
func TestPullMemoryDoesNotGrowWithTheSkill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer")
	layer := bytes.Repeat([]byte("no need to unpack"), 45<<20/17)
	require.NoError(t, os.WriteFile(path, layer, 0o600))
	f := newForeign(t)
	f.change = withLayer(f, layer)
	server := registrytest.Open(t)
	documents := f.answers(f.manifest())
	server.Break(func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if strings.HasSuffix(r.URL.Path, digest.FromBytes(layer).String()) {
			http.ServeFile(w, r, path)
			return
		}
		documents(w, r, registry)
	})
	lease, ref := scratch(t), reference(t, server.Reference("org/a-skill", "v1"))
	pulling := allocated(func() {
		_, err := newClient("", "").Pull(t.Context(), ref, lease)
		require.NoError(t, err)
	})
	t.Logf("%d bytes allocated to pull %d, the registry's among them", pulling, len(layer))
	assert.Less(t, pulling, uint64(16<<20))
}

// withLayer makes a blob the layer of the manifest.
func withLayer(f *foreign, layer []byte) func(*ocispec.Manifest) {
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, layer)
	require.NoError(f.t, f.store.Push(f.t.Context(), desc, bytes.NewReader(layer)))
	return func(m *ocispec.Manifest) { m.Layers = []ocispec.Descriptor{desc} }
}

// resize makes the layer claim a media type and a size.
func (f *foreign) resize(mediaType string, size int64) {
	layered := f.change
	f.change = func(m *ocispec.Manifest) {
		layered(m)
		claimed := m.Layers[0]
		claimed.MediaType, claimed.Size = mediaType, size
		m.Layers = append(m.Layers, claimed)
	}
}

// upload copies the artifact to a registry, under the tag v1.
func (f *foreign) upload(server *registrytest.Server, name string, root ocispec.Descriptor) {
	f.t.Helper()
	repo := repository(f.t, server, name)
	require.NoError(f.t, oras.CopyGraph(f.t.Context(), f.store, repo, root, oras.DefaultCopyGraphOptions))
	require.NoError(f.t, repo.Tag(f.t.Context(), root, "v1"))
}

// answers makes a registry answer from the artifact's documents, also where a
// registry would never have taken them.
func (f *foreign) answers(root ocispec.Descriptor) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		asked := digest.Digest(filepath.Base(r.URL.Path))
		if asked == "v1" {
			asked = root.Digest
		}
		for _, candidate := range f.pushed {
			if candidate.Digest == asked {
				w.Header().Set("Content-Type", candidate.MediaType)
				_, _ = w.Write(fetch(f.t, f.store, candidate)) // the client sees a failure
				return
			}
		}
		http.NotFound(w, r)
	}
}
