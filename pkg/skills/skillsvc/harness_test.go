// SPDX-License-Identifier: Apache-2.0

package skillsvc_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/errdef"

	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/clients"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
	"github.com/skilld/skilld/pkg/state"
)

// world is the use cases on a real store and a real database, with a registry,
// git servers and a catalogue that do as the test says. newWorld may be given
// changes of its configuration.
type world struct {
	*skillsvc.Service
	t        *testing.T
	home     string
	store    *oci.Store
	registry *fakeRegistry
	git      *fakeGit
	catalog  *fakeCatalog
	clock    time.Time
}

func newWorld(t *testing.T, changes ...func(*skillsvc.Config)) *world {
	t.Helper()
	w := &world{
		t: t, home: t.TempDir(), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		registry: &fakeRegistry{t: t, skills: map[string]string{}, errs: map[string]error{}},
		git:      &fakeGit{skills: map[string]string{}},
		catalog:  &fakeCatalog{},
	}
	var err error
	w.store, err = oci.Open(filepath.Join(t.TempDir(), "store"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "skilld.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	config := skillsvc.Config{
		Store: w.store, Packager: oci.Packager{}, Registry: w.registry, Git: w.git, Catalog: w.catalog, State: db,
		Machine: clients.Machine{Home: w.home, Getenv: func(string) string { return "" }, GOOS: "linux"},
		TempDir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.clock },
	}
	for _, change := range changes {
		change(&config)
	}
	w.Service, err = skillsvc.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// skillText is the SKILL.md of a skill.
func skillText(name, version string) string {
	return fmt.Sprintf("---\nname: %s\ndescription: d\nversion: %q\n---\nbody of %s %s\n", name, version, name, version)
}

// folder makes a skill folder.
func folder(t *testing.T, name, version string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, skills.SkillFile), []byte(skillText(name, version)), 0o644))
	return dir
}

// build makes a local build.
func (w *world) build(name, version, tag string) string {
	w.t.Helper()
	built, err := w.Build(w.t.Context(), skills.BuildOptions{Path: folder(w.t, name, version), Tag: tag})
	require.NoError(w.t, err)
	return built.Digest
}

// fakeRegistry has skills under canonical references, "name version" each, and
// fails for others with what errs says, else with "not found".
type fakeRegistry struct {
	t *testing.T

	mu     sync.Mutex
	skills map[string]string
	errs   map[string]error
	// pulls and checks count what was asked.
	pulls, checks int
	// slow holds every pull until it is closed.
	slow chan struct{}
}

func (r *fakeRegistry) find(ref skills.Reference) (name, version string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.errs[ref.String()]; err != nil {
		return "", "", err
	}
	text, found := r.skills[ref.String()]
	if !found {
		return "", "", fmt.Errorf("%s: %w", ref, errdef.ErrNotFound)
	}
	name, version, _ = strings.Cut(text, " ")
	return name, version, nil
}

func (r *fakeRegistry) Resolve(ctx context.Context, ref skills.Reference) (ocispec.Descriptor, error) {
	r.mu.Lock()
	r.checks++
	r.mu.Unlock()
	store, err := oci.Open(filepath.Join(r.t.TempDir(), "remote"), slog.New(slog.DiscardHandler))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer func() { _ = store.Close() }()
	lease := store.Lease()
	defer lease.Release()
	return r.make(ctx, ref, lease)
}

func (r *fakeRegistry) Pull(ctx context.Context, ref skills.Reference, lease *oci.Lease) (ocispec.Descriptor, error) {
	r.mu.Lock()
	r.pulls++
	slow := r.slow
	r.mu.Unlock()
	meter := skills.NewMeter(ctx, skills.ActivityPull, 10)
	defer meter.Add(10)
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return ocispec.Descriptor{}, ctx.Err()
		}
	}
	return r.make(ctx, ref, lease)
}

// make packages the skill; the same name and version give the same artifact.
func (r *fakeRegistry) make(ctx context.Context, ref skills.Reference, lease *oci.Lease) (ocispec.Descriptor, error) {
	name, version, err := r.find(ref)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	root, err := os.OpenRoot(folder(r.t, name, version))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer func() { _ = root.Close() }()
	artifact, err := oci.Packager{}.Package(ctx, root, lease)
	return artifact.Descriptor, err
}

func (r *fakeRegistry) Push(context.Context, *oci.Lease, ocispec.Descriptor, skills.Reference) error {
	return nil
}

// fakeGit has skills under canonical references; every commit is the same.
type fakeGit struct {
	skills map[string]string
	err    error
	// fetches counts the transfers.
	fetches atomic.Int64
	// slow holds every transfer until it is closed.
	slow chan struct{}
}

const commit = "0123456789abcdef0123456789abcdef01234567"

func (g *fakeGit) Resolve(_ context.Context, ref git.Reference) (string, error) {
	if g.err != nil {
		return "", g.err
	}
	if _, found := g.skills[ref.String()]; !found {
		return "", skills.Errorf(skills.Upstream, "%s: no such repository", ref)
	}
	return commit, nil
}

func (g *fakeGit) Fetch(_ context.Context, ref git.Reference, _, dst string) error {
	g.fetches.Add(1)
	if g.slow != nil {
		<-g.slow
	}
	name, version, _ := strings.Cut(g.skills[ref.String()], " ")
	return os.WriteFile(filepath.Join(dst, skills.SkillFile), []byte(skillText(name, version)), 0o644)
}

// fakeCatalog finds among its entries. Nothing else is asked of it here.
type fakeCatalog struct {
	skillsvc.Catalog
	entries []skills.CatalogEntry
	err     error
	// asked counts the questions.
	asked int
	// source is what was chosen last.
	source catalog.Source
}

func (c *fakeCatalog) Find(_ context.Context, namespace, name string) ([]skills.CatalogEntry, error) {
	c.asked++
	var found []skills.CatalogEntry
	for _, e := range c.entries {
		if strings.EqualFold(e.Name, name) && (namespace == "" || strings.EqualFold(e.Namespace, namespace)) {
			found = append(found, e)
		}
	}
	return found, c.err
}

func (c *fakeCatalog) Search(_ context.Context, term string) ([]skills.CatalogEntry, error) {
	c.asked++
	var found []skills.CatalogEntry
	for _, e := range c.entries {
		if strings.Contains(e.Name, term) {
			found = append(found, e)
		}
	}
	return found, c.err
}

// entry makes a catalogue entry with an OCI package, a git package, or both.
func entry(fullName, ociRef, gitURL string) skills.CatalogEntry {
	namespace, name, _ := strings.Cut(fullName, "/")
	e := skills.CatalogEntry{Namespace: namespace, Name: name}
	if gitURL != "" {
		e.Packages = append(e.Packages, skills.CatalogPackage{RegistryType: "git", URL: gitURL, Commit: commit})
	}
	if ociRef != "" {
		e.Packages = append(e.Packages, skills.CatalogPackage{RegistryType: "oci", Identifier: ociRef})
	}
	return e
}
