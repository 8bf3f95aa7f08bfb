// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// foreign makes artifacts as other tools might, and as none should.
type foreign struct {
	t      testing.TB
	store  content.Storage
	config ocispec.Image
	// change alters the manifest, respectively the index, before it is stored.
	change      func(*ocispec.Manifest)
	changeIndex func(*ocispec.Index)
	configType  string
	// pushed are the documents made so far.
	pushed []ocispec.Descriptor
}

func newForeign(t testing.TB) *foreign {
	t.Helper()
	f := &foreign{t: t, store: memory.New(), configType: ocispec.MediaTypeImageConfig}
	f.config.Config.Labels = map[string]string{
		oci.KeyName: "a-skill", oci.KeyDescription: "Does things.", oci.KeyVersion: "1.0.0",
		oci.KeyLicense: "MIT", oci.KeyAllowedTools: "null", oci.KeyFiles: `["SKILL.md"]`,
	}
	return f
}

func (f *foreign) json(mediaType string, document any) ocispec.Descriptor {
	f.t.Helper()
	encoded, err := json.Marshal(document)
	require.NoError(f.t, err)
	desc := content.NewDescriptorFromBytes(mediaType, encoded)
	if err := f.store.Push(f.t.Context(), desc, bytes.NewReader(encoded)); err != nil {
		require.ErrorIs(f.t, err, errdef.ErrAlreadyExists)
	}
	f.pushed = append(f.pushed, desc)
	return desc
}

func (f *foreign) manifest() ocispec.Descriptor {
	f.t.Helper()
	layer := []byte("a layer that nobody reads here")
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: oci.ArtifactType,
		Config:       f.json(f.configType, f.config),
		Layers:       []ocispec.Descriptor{content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, layer)},
	}
	if f.change != nil {
		f.change(&manifest)
	}
	return f.json(ocispec.MediaTypeImageManifest, manifest)
}

func (f *foreign) index(manifests ...ocispec.Descriptor) ocispec.Descriptor {
	f.t.Helper()
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex,
		ArtifactType: oci.ArtifactType, Manifests: manifests,
	}
	if f.changeIndex != nil {
		f.changeIndex(&index)
	}
	return f.json(ocispec.MediaTypeImageIndex, index)
}

func TestReadArtifactTakesAManifestAlone(t *testing.T) {
	t.Parallel()
	f := newForeign(t)
	desc := f.manifest()
	artifact, err := oci.ReadArtifact(t.Context(), f.store, desc)
	require.NoError(t, err)
	assert.Equal(t, desc, artifact.Descriptor)
	assert.Equal(t, desc, artifact.Manifest)
	assert.Equal(t, "a-skill", artifact.Name)
	assert.Equal(t, "MIT", artifact.License)
	assert.Nil(t, artifact.AllowedTools)
	assert.Equal(t, []string{"SKILL.md"}, artifact.Files)
	assert.Nil(t, artifact.Requires)
}

func TestReadArtifactPrefersLinuxOnAMD64(t *testing.T) {
	t.Parallel()
	f := newForeign(t)
	arm := f.manifest()
	arm.Platform = &ocispec.Platform{OS: "linux", Architecture: "arm64"}
	f.config.Config.Labels[oci.KeyVersion] = "2.0.0"
	amd := f.manifest()
	amd.Platform = &ocispec.Platform{OS: "linux", Architecture: "amd64"}

	artifact, err := oci.ReadArtifact(t.Context(), f.store, f.index(arm, amd))
	require.NoError(t, err)
	assert.Equal(t, "2.0.0", artifact.Version)

	artifact, err = oci.ReadArtifact(t.Context(), f.store, f.index(arm))
	require.NoError(t, err)
	assert.Equal(t, "1.0.0", artifact.Version, "without linux/amd64 the first one counts")
}

func TestReadArtifactTakesTheTypeFromTheIndex(t *testing.T) {
	t.Parallel()
	f := newForeign(t)
	f.change = func(m *ocispec.Manifest) { m.ArtifactType = "" }
	_, err := oci.ReadArtifact(t.Context(), f.store, f.index(f.manifest()))
	require.NoError(t, err)
}

func TestReadArtifactTakesTheFirstTarLayer(t *testing.T) {
	t.Parallel()
	f := newForeign(t)
	f.change = func(m *ocispec.Manifest) {
		other := content.NewDescriptorFromBytes("text/plain", []byte("read me"))
		m.Layers = append([]ocispec.Descriptor{other}, m.Layers...)
		m.Annotations = map[string]string{oci.KeyRequires: `["ghcr.io/org/other:v1"]`}
	}
	artifact, err := oci.ReadArtifact(t.Context(), f.store, f.manifest())
	require.NoError(t, err)
	assert.Equal(t, ocispec.MediaTypeImageLayerGzip, artifact.Layer.MediaType)
	assert.Equal(t, []string{"ghcr.io/org/other:v1"}, artifact.Requires)
}

func TestReadArtifactRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		make     func(f *foreign) ocispec.Descriptor
		says     string
		notSkill bool
	}{
		"another artifact": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) { m.ArtifactType = "application/vnd.example" }
				return f.manifest()
			},
			says: "application/vnd.example", notSkill: true,
		},
		"a container image": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) { m.ArtifactType = "" }
				f.changeIndex = func(i *ocispec.Index) { i.ArtifactType = "" }
				return f.index(f.manifest())
			},
			says: "artifact type", notSkill: true,
		},
		"an index of another type": {
			make: func(f *foreign) ocispec.Descriptor {
				f.changeIndex = func(i *ocispec.Index) { i.ArtifactType = "application/vnd.example" }
				return f.index(f.manifest())
			},
			says: "application/vnd.example", notSkill: true,
		},
		"a Docker manifest": {
			make: func(f *foreign) ocispec.Descriptor {
				return f.json("application/vnd.docker.distribution.manifest.v2+json", ocispec.Manifest{})
			},
			says: "docker", notSkill: true,
		},
		"an index without manifests": {
			make: func(f *foreign) ocispec.Descriptor { return f.index() },
			says: "no manifest", notSkill: true,
		},
		"an index in an index": {
			make: func(f *foreign) ocispec.Descriptor { return f.index(f.index(f.manifest())) },
			says: "where a manifest should be", notSkill: true,
		},
		"33 manifests": {
			make: func(f *foreign) ocispec.Descriptor {
				manifest := f.manifest()
				manifests := make([]ocispec.Descriptor, oci.MaxManifests+1)
				for i := range manifests {
					manifests[i] = manifest
				}
				return f.index(manifests...)
			},
			says: "33 manifests",
		},
		"65 layers": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) {
					for len(m.Layers) <= oci.MaxLayers {
						m.Layers = append(m.Layers, m.Layers[0])
					}
				}
				return f.manifest()
			},
			says: "65 layers",
		},
		"no tar layer": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) { m.Layers[0].MediaType = ocispec.MediaTypeImageLayerZstd }
				return f.manifest()
			},
			says: "no layer", notSkill: true,
		},
		"no name": {
			make: func(f *foreign) ocispec.Descriptor {
				delete(f.config.Config.Labels, oci.KeyName)
				return f.manifest()
			},
			says: oci.KeyName, notSkill: true,
		},
		"a name that leads elsewhere": {
			make: func(f *foreign) ocispec.Descriptor {
				f.config.Config.Labels[oci.KeyName] = "../../etc"
				return f.manifest()
			},
			says: "../../etc",
		},
		"tools that are no list": {
			make: func(f *foreign) ocispec.Descriptor {
				f.config.Config.Labels[oci.KeyAllowedTools] = `{"all":true}`
				return f.manifest()
			},
			says: oci.KeyAllowedTools,
		},
		"needs that are no list": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) { m.Annotations = map[string]string{oci.KeyRequires: "everything"} }
				return f.manifest()
			},
			says: oci.KeyRequires,
		},
		"a config of another type": {
			make: func(f *foreign) ocispec.Descriptor {
				f.configType = ocispec.MediaTypeEmptyJSON
				return f.manifest()
			},
			says: "config", notSkill: true,
		},
		"a config over 1 MiB": {
			make: func(f *foreign) ocispec.Descriptor {
				f.config.Config.Labels[oci.KeyDescription] = strings.Repeat("x", oci.MaxManifestSize)
				return f.manifest()
			},
			says: "1 MiB",
		},
		"a manifest that says it is an index": {
			make: func(f *foreign) ocispec.Descriptor {
				f.change = func(m *ocispec.Manifest) { m.MediaType = ocispec.MediaTypeImageIndex }
				return f.manifest()
			},
			says: "says that it is", notSkill: true,
		},
		"an index that says it is a manifest": {
			make: func(f *foreign) ocispec.Descriptor {
				f.changeIndex = func(i *ocispec.Index) { i.MediaType = ocispec.MediaTypeImageManifest }
				return f.index(f.manifest())
			},
			says: "says that it is", notSkill: true,
		},
		"a negative size": {
			make: func(f *foreign) ocispec.Descriptor {
				desc := f.manifest()
				desc.Size = -1
				return desc
			},
			says: "negative",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForeign(t)
			_, err := oci.ReadArtifact(t.Context(), f.store, c.make(f))
			require.Error(t, err)
			assert.Equal(t, skills.Unprocessable, skills.KindOf(err), "%v", err)
			assert.ErrorContains(t, err, c.says)
			if c.notSkill {
				assert.ErrorIs(t, err, oci.ErrNotSkill)
			} else {
				assert.NotErrorIs(t, err, oci.ErrNotSkill)
			}
		})
	}
}

// serve returns a source that answers every question with these bytes.
func serve(blob []byte) content.FetcherFunc {
	return func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(blob)), nil
	}
}

func TestReadArtifactRefusesWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex} {
		for _, text := range []string{"", "{", `"text"`, `{"manifests":{},"layers":{}}`} {
			_, err := oci.ReadArtifact(t.Context(), serve([]byte(text)), content.NewDescriptorFromBytes(mediaType, []byte(text)))
			require.ErrorContains(t, err, "malformed")
			assert.True(t, skills.IsKind(err, skills.Unprocessable), "%v", err)
		}
	}
}

func TestReadArtifactChecksDigests(t *testing.T) {
	t.Parallel()
	desc := newForeign(t).manifest()
	for name, blob := range map[string][]byte{
		"other bytes": bytes.Repeat([]byte("x"), int(desc.Size)),
		"too few":     []byte("x"),
		"too many":    bytes.Repeat([]byte("x"), int(desc.Size)+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := oci.ReadArtifact(t.Context(), serve(blob), desc)
			require.ErrorContains(t, err, desc.Digest.String())
			assert.Equal(t, skills.Internal, skills.KindOf(err))
		})
	}
	_, err := oci.ReadArtifact(t.Context(), memory.New(), desc)
	require.ErrorIs(t, err, errdef.ErrNotFound)
}
