// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/skilld/skilld/pkg/oci"
)

// skillName is the name, and the tag, of a build that fill makes.
func skillName(i int) string { return fmt.Sprintf("skill-%05d", i) }

// skillText is a SKILL.md of about 1 KiB.
func skillText(name, version string) string {
	return "---\nname: " + name + "\ndescription: " + strings.Repeat("What the skill is good for. ", 6) + "\nversion: " + version + "\n---\n\n# " + name + "\n\n" +
		strings.Repeat("Do this, then do that, and look whether it helped.\n", 16)
}

// writeSkill makes a skill's folder of two files, in dir.
func writeSkill(dir, name, version string) error {
	if err := os.MkdirAll(filepath.Join(dir, "references"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "SKILL.md"), []byte(skillText(name, version)), 0o644); err != nil {
		return err
	}
	text := strings.Repeat(name+" knows more about this.\n", 40)
	return os.WriteFile(filepath.Join(dir, "references", "more.md"), []byte(text), 0o644)
}

// fill makes a store with that many local builds in dir, which is new. It goes
// through a disk in memory where there is one: there, nobody waits for fsync.
func fill(ctx context.Context, dir string, builds int) error {
	fast, err := os.MkdirTemp(memoryDisk(), "skilld-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fast) }()
	if err := buildAll(ctx, filepath.Join(fast, "store"), filepath.Join(fast, "skills"), builds); err != nil {
		return err
	}
	return os.CopyFS(dir, os.DirFS(filepath.Join(fast, "store")))
}

func memoryDisk() string {
	const dir = "/dev/shm"
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func buildAll(ctx context.Context, dir, folders string, builds int) error {
	store, err := oci.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for i := range builds {
		group.Go(func() error { return buildOne(ctx, store, folders, skillName(i)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return store.Close()
}

// buildOne does what the daemon does for a build.
func buildOne(ctx context.Context, store *oci.Store, folders, name string) error {
	folder := filepath.Join(folders, name)
	if err := writeSkill(folder, name, "1.0.0"); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	lease := store.Lease()
	defer lease.Release()
	artifact, err := oci.Packager{}.Package(ctx, root, lease)
	if err != nil {
		return err
	}
	desc := ocispec.Descriptor{MediaType: artifact.Descriptor.MediaType, Digest: artifact.Descriptor.Digest, Size: artifact.Descriptor.Size}
	desc.Annotations = map[string]string{
		oci.AnnotationLocalBuild: "true",
		oci.KeyName:              name, oci.KeyDescription: artifact.Description, oci.KeyVersion: artifact.Version,
	}
	return lease.Tag(ctx, desc, name)
}
