// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	published = "ghcr.io/org/my-skill:1.0"
	gitSource = "git://github.com/org/repo@" + commit
)

// scene is what the sources have and how they fail.
type scene struct {
	// builds are local builds, "name version tag"; pulled are references
	// previewed before, when the registry still had them.
	builds, pulled []string
	// registry and git have these skills, "name version" by reference.
	registry, git map[string]string
	// registryErrs and gitErr are failures.
	registryErrs map[string]error
	gitErr       error
	entries      []skills.CatalogEntry
	catalogErr   error
}

// set puts the world into the scene.
func (s scene) set(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for _, build := range s.builds {
		parts := strings.Fields(build)
		w.build(parts[0], parts[1], parts[2])
	}
	for ref, text := range s.registry {
		w.registry.skills[ref] = text
	}
	for _, ref := range s.pulled {
		_, err := w.Content(t.Context(), ref)
		require.NoError(t, err)
		delete(w.registry.skills, ref)
	}
	for ref, err := range s.registryErrs {
		w.registry.errs[ref] = err
	}
	for ref, text := range s.git {
		w.git.skills[ref] = text
	}
	w.git.err = s.gitErr
	w.catalog.entries, w.catalog.err = s.entries, s.catalogErr
	return w
}

// TestContentOrder is the whole order in which sources answer a preview.
func TestContentOrder(t *testing.T) {
	t.Parallel()
	down := map[string]error{published: skills.Errorf(skills.RateLimited, "slow down")}
	both := entry("org/my-skill", "ghcr.io/org/my-skill:9.9", "https://github.com/org/repo")
	fromGit := map[string]string{gitSource: "my-skill git"}
	tests := map[string]struct {
		scene scene
		ref   string
		// body is text of the SKILL.md that answers; or else kind and says.
		body string
		kind skills.Kind
		says []string
		// asked is how often the catalogue must have been asked.
		asked int
	}{
		"a local tag": {
			scene: scene{builds: []string{"my-skill 1 v1"}, registry: map[string]string{"docker.io/library/v1:latest": "v1 remote"}},
			ref:   "v1", body: "body of my-skill 1",
		},
		"a local tag that is a full reference": {
			scene: scene{builds: []string{"my-skill 1 " + published}, registry: map[string]string{published: "my-skill remote"}},
			ref:   published, body: "body of my-skill 1",
		},
		"git": {
			scene: scene{git: map[string]string{"git://github.com/org/repo": "my-skill 1"}},
			ref:   "git://github.com/org/repo", body: "body of my-skill 1",
		},
		"https is git": {
			scene: scene{git: map[string]string{"git://github.com/org/repo": "my-skill 1"}},
			ref:   "https://github.com/org/repo", body: "body of my-skill 1",
		},
		"a registry, and the catalogue is not asked": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}, entries: []skills.CatalogEntry{both}, git: fromGit},
			ref:   published, body: "body of my-skill 1",
		},
		"a registry, latest where no tag is given": {
			scene: scene{registry: map[string]string{"ghcr.io/org/my-skill:latest": "my-skill 1"}},
			ref:   "ghcr.io/org/my-skill", body: "body of my-skill 1",
		},
		"a reference that was pulled before": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}, pulled: []string{published}},
			ref:   published, body: "body of my-skill 1",
		},
		"unambiguous, down: git instead, whatever the tag": {
			scene: scene{registryErrs: down, entries: []skills.CatalogEntry{both, entry("org/other", "ghcr.io/org/my-skill-2:1", "")}, git: fromGit},
			ref:   published, body: "body of my-skill git", asked: 1,
		},
		"unambiguous, down: the entry has no git package": {
			scene: scene{registryErrs: down, entries: []skills.CatalogEntry{entry("org/my-skill", published, "")}},
			ref:   published, kind: skills.RateLimited, says: []string{published, "slow down"}, asked: 1,
		},
		"unambiguous, down: two entries for the repository": {
			scene: scene{registryErrs: down, entries: []skills.CatalogEntry{both, both}, git: fromGit},
			ref:   published, kind: skills.RateLimited, says: []string{published, "slow down"}, asked: 1,
		},
		"unambiguous, down: no entry for the repository": {
			scene: scene{registryErrs: down, entries: []skills.CatalogEntry{entry("org/my-skill", "ghcr.io/else/my-skill:1.0", "https://github.com/org/repo")}, git: fromGit},
			ref:   published, kind: skills.RateLimited, says: []string{"slow down"}, asked: 1,
		},
		"unambiguous, down: the catalogue fails": {
			scene: scene{registryErrs: down, catalogErr: errors.New("no catalogue")},
			ref:   published, kind: skills.RateLimited, says: []string{"slow down"}, asked: 1,
		},
		"unambiguous, down: git fails too": {
			scene: scene{registryErrs: down, entries: []skills.CatalogEntry{both}, gitErr: skills.Errorf(skills.Timeout, "git is slow")},
			ref:   published, kind: skills.RateLimited, says: []string{"slow down", "git is slow"}, asked: 1,
		},
		"ambiguous: the catalogue's OCI package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, "https://github.com/org/repo")}, registry: map[string]string{published: "my-skill 1"}},
			ref:   "org/my-skill", body: "body of my-skill 1", asked: 1,
		},
		"ambiguous: a plain name": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, "")}, registry: map[string]string{published: "my-skill 1"}},
			ref:   "my-skill", body: "body of my-skill 1", asked: 1,
		},
		"ambiguous: the catalogue's git package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", "", "https://github.com/org/repo")}, git: fromGit},
			ref:   "my-skill", body: "body of my-skill git", asked: 1,
		},
		"ambiguous: two entries": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, ""), entry("team/my-skill", published, "")}},
			ref:   "my-skill", kind: skills.Conflict, says: []string{"org/my-skill", "team/my-skill"}, asked: 1,
		},
		"ambiguous: an entry without a package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", "", "")}},
			ref:   "my-skill", kind: skills.Unprocessable, says: []string{"org/my-skill"}, asked: 1,
		},
		"ambiguous: nothing matches": {
			ref: "my-skill", kind: skills.NotFound, says: []string{"my-skill"}, asked: 1,
		},
		"ambiguous: nothing matches and the registry is down": {
			scene: scene{registryErrs: map[string]error{"docker.io/library/my-skill:latest": errors.New("connection refused")}},
			ref:   "my-skill", kind: skills.NotFound, says: []string{"my-skill", "connection refused"}, asked: 1,
		},
		"malformed": {ref: "!!", kind: skills.Invalid, says: []string{"!!"}},
		"empty":     {ref: "", kind: skills.Invalid, says: []string{"ref is missing"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tt.scene.set(t)
			got, err := w.Content(t.Context(), tt.ref)
			assert.Equal(t, tt.asked, w.catalog.asked, "questions to the catalogue")
			if tt.body != "" {
				require.NoError(t, err)
				assert.Contains(t, got.Body, tt.body)
				return
			}
			assertRefused(t, err, tt.kind, tt.says)
		})
	}
}

// assertRefused checks the kind of an error and what its message says.
func assertRefused(t *testing.T, err error, kind skills.Kind, says []string) {
	t.Helper()
	require.Error(t, err)
	assert.Equal(t, kind, skills.KindOf(err), "%v", err)
	for _, text := range says {
		assert.ErrorContains(t, err, text)
	}
}

// TestInstallOrder is the whole order in which sources answer an installation.
func TestInstallOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scene         scene
		name, version string
		// reference is that of the record, digest its beginning; or else kind
		// and says.
		reference, digest string
		kind              skills.Kind
		says              []string
	}{
		"git": {
			scene: scene{git: map[string]string{"git://github.com/org/repo@main#my-skill": "my-skill 1"}},
			name:  "git://github.com/org/repo@main#my-skill", reference: "git://github.com/org/repo@main#my-skill", digest: commit,
		},
		"a reference": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}},
			name:  published, reference: published, digest: "sha256:",
		},
		"a reference whose tag is the version": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}},
			name:  "ghcr.io/org/my-skill", version: "1.0", reference: published, digest: "sha256:",
		},
		"a reference with a tag keeps it": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}},
			name:  published, version: "2.0", reference: published, digest: "sha256:",
		},
		"an artifact of another name": {
			scene: scene{registry: map[string]string{published: "evil-skill 1"}},
			name:  published, kind: skills.Unprocessable, says: []string{"evil-skill", "my-skill"},
		},
		"a malformed reference": {name: "ghcr.io/Org/x", kind: skills.Invalid, says: []string{"ghcr.io/Org/x"}},
		"an unambiguous reference that is not there": {
			scene: scene{entries: []skills.CatalogEntry{entry("ghcr.io/my-skill", published, "")}},
			name:  "ghcr.io/my-skill", kind: skills.NotFound, says: []string{"ghcr.io/my-skill"},
		},
		"an ambiguous reference: the catalogue by namespace and name": {
			scene: scene{entries: []skills.CatalogEntry{entry("team/my-skill", "ghcr.io/team/my-skill:1", ""), entry("org/my-skill", published, "")},
				registry: map[string]string{published: "my-skill 1"}},
			name: "org/my-skill", reference: published, digest: "sha256:",
		},
		"an ambiguous reference that nobody has": {
			name: "org/my-skill", kind: skills.NotFound, says: []string{"docker.io/org/my-skill"},
		},
		"a local build before the catalogue": {
			scene: scene{builds: []string{"my-skill 1 v1"}, entries: []skills.CatalogEntry{entry("org/my-skill", published, "")}},
			name:  "my-skill", reference: "v1", digest: "sha256:",
		},
		"the catalogue's OCI package before its git package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, "https://github.com/org/repo")}, registry: map[string]string{published: "my-skill 1"}},
			name:  "my-skill", reference: published, digest: "sha256:",
		},
		"the catalogue's git package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", "", "https://github.com/org/repo")}, git: map[string]string{gitSource: "my-skill 1"}},
			name:  "my-skill", reference: gitSource, digest: commit,
		},
		"the catalogue in another version": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, "")}, registry: map[string]string{"ghcr.io/org/my-skill:2.0": "my-skill 2"}},
			name:  "my-skill", version: "2.0", reference: "ghcr.io/org/my-skill:2.0", digest: "sha256:",
		},
		"two entries in the catalogue": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", published, ""), entry("team/my-skill", published, "")}},
			name:  "my-skill", kind: skills.Conflict, says: []string{"org/my-skill", "team/my-skill"},
		},
		"an entry without a package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", "", "")}},
			name:  "my-skill", kind: skills.Unprocessable, says: []string{"org/my-skill"},
		},
		"an entry with a malformed package": {
			scene: scene{entries: []skills.CatalogEntry{entry("org/my-skill", "not a reference", "")}},
			name:  "my-skill", kind: skills.Unprocessable, says: []string{"not a reference"},
		},
		"a pulled cache is invisible to names": {
			scene: scene{registry: map[string]string{published: "my-skill 1"}, pulled: []string{published}},
			name:  "my-skill", kind: skills.NotFound, says: []string{"my-skill", "by reference"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tt.scene.set(t)
			got, err := w.Install(t.Context(), skills.InstallOptions{Name: tt.name, Version: tt.version, Clients: []string{"cursor"}})
			if tt.reference == "" {
				assertRefused(t, err, tt.kind, tt.says)
				list, err := w.List(t.Context(), skills.ListOptions{})
				require.NoError(t, err)
				assert.Empty(t, list)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.reference, got.Reference)
			assert.True(t, strings.HasPrefix(got.Digest, tt.digest), got.Digest)
			assert.Equal(t, "my-skill", got.Metadata.Name)
		})
	}
}

// TestCatalogPinsDigests installs what the catalogue vouches for and nothing else.
func TestCatalogPinsDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.skills[published] = "my-skill 1"
	pinned := entry("org/my-skill", published, "")
	pinned.Packages[0].Digest = w.build("my-skill", "1", "elsewhere")
	require.NoError(t, w.DeleteBuild(t.Context(), "elsewhere"))
	w.catalog.entries = []skills.CatalogEntry{pinned}
	request := skills.InstallOptions{Name: "my-skill", Clients: []string{"cursor"}}
	_, err := w.Install(t.Context(), request)
	require.NoError(t, err)

	w.registry.skills[published] = "my-skill 1-changed"
	_, err = w.Install(t.Context(), request)
	assertRefused(t, err, skills.Unprocessable, []string{published, "changed"})
}
