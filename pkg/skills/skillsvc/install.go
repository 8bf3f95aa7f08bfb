// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

// Install resolves a name or reference and puts the skill into the clients'
// folders; see [skills.Service].
func (s *Service) Install(ctx context.Context, opts skills.InstallOptions) (skills.InstalledSkill, error) {
	if err := s.checkInstall(ctx, &opts); err != nil {
		return skills.InstalledSkill{}, err
	}
	src, err := s.tracedInstall(ctx, opts)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	defer src.close()

	key := skills.Key{Name: src.name, Scope: opts.Scope, ProjectRoot: opts.ProjectRoot}
	targets, err := s.Machine.Targets(key.Name, opts.Clients, key.Scope, key.ProjectRoot)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	unlock, err := s.installs.lock(ctx, key.Name)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	defer unlock()
	return s.put(ctx, src, key, targets, opts)
}

// checkInstall completes the options and refuses what needs no look at the
// skill: nothing has been fetched or written when it fails.
func (s *Service) checkInstall(ctx context.Context, opts *skills.InstallOptions) error {
	if opts.Name == "" {
		return skills.Errorf(skills.Invalid, "name is missing: it is a skill's name, an OCI reference or a git:// reference")
	}
	var err error
	if opts.Scope, opts.ProjectRoot, err = checkPlace(opts.Scope, opts.ProjectRoot); err != nil {
		return err
	}
	if opts.ProjectRoot != "" {
		if err := s.allow("project_root", opts.ProjectRoot); err != nil {
			return err
		}
		info, err := os.Stat(opts.ProjectRoot)
		if err != nil {
			return skills.Wrap(skills.Invalid, err, "project_root %q is not a folder that exists", opts.ProjectRoot)
		}
		if !info.IsDir() {
			return skills.Errorf(skills.Invalid, "project_root %q is not a folder", opts.ProjectRoot)
		}
	}
	// A stand-in for the name: it is the clients that are checked here.
	if _, err := s.Machine.Targets("skill", opts.Clients, opts.Scope, opts.ProjectRoot); err != nil {
		return err
	}
	_, err = s.State.Group(ctx, cmp.Or(opts.Group, skills.DefaultGroup))
	return err
}

// put brings the folders and the record to what was asked for, with as little
// writing as that takes.
func (s *Service) put(ctx context.Context, src *source, key skills.Key, targets []skills.Target, opts skills.InstallOptions) (skills.InstalledSkill, error) {
	before, err := s.State.Skill(ctx, key)
	if err != nil && !skills.IsKind(err, skills.NotFound) {
		return skills.InstalledSkill{}, err
	}
	installed := err == nil
	all := mergeTargets(before.Targets, targets)
	record := s.newRecord(src, key, all, opts)
	writes := all
	if installed {
		record.Group = cmp.Or(opts.Group, before.Group)
		if before.Digest == src.digest {
			record.Metadata.Author, record.Metadata.Tags = before.Metadata.Author, before.Metadata.Tags
			record.InstalledAt = before.InstalledAt
			writes = missing(all, before.Targets)
		}
		if len(writes) == 0 && reflect.DeepEqual(record, before) {
			return before, nil
		}
	}

	// Again, and on the folders that are really written to: a link on the way to
	// the project may have been changed since the first look.
	if err := s.allowTargets(key, writes); err != nil {
		return skills.InstalledSkill{}, err
	}
	owned, err := s.owned(ctx, key, writes)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	op, err := install.Plan(newOperationID(), key, writes, owned, opts.Force)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	err = s.perform(ctx, op, change{
		what:   "installing " + key.Name,
		stage:  func(ctx context.Context) error { return stage(ctx, op, src, &record) },
		commit: func(ctx context.Context) error { return s.State.CommitInstall(ctx, op.ID, record) },
	})
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	return record, nil
}

func (s *Service) newRecord(src *source, key skills.Key, targets []skills.Target, opts skills.InstallOptions) skills.InstalledSkill {
	return skills.InstalledSkill{
		Metadata: skills.Metadata{
			Name: key.Name, Version: cmp.Or(opts.Version, src.version), Description: src.description,
		},
		Scope: key.Scope, ProjectRoot: key.ProjectRoot,
		Reference: src.reference, Tag: src.tag, Digest: src.digest,
		Status: skills.StatusInstalled, InstalledAt: s.Now().UTC().Truncate(time.Second),
		Clients: clientsOf(targets), Targets: targets,
		Dependencies: src.dependencies(),
		Group:        cmp.Or(opts.Group, skills.DefaultGroup),
	}
}

// owned returns a function that tells which of the folders belong to the
// installation. A folder of another installation is a Conflict, which force
// does not lift.
func (s *Service) owned(ctx context.Context, key skills.Key, targets []skills.Target) (func(skills.Target) bool, error) {
	var ours []skills.Target
	for _, target := range targets {
		owner, found, err := s.State.Owner(ctx, target)
		switch {
		case err != nil:
			return nil, err
		case found && owner != key:
			return nil, skills.Errorf(skills.Conflict, "the folder for %s is that of its installation with scope %q; uninstall that first", key.Name, owner.Scope)
		case found && install.Present(target):
			// What has no SKILL.md any more is something else that somebody put there.
			ours = append(ours, target)
		}
	}
	return func(target skills.Target) bool {
		return slices.ContainsFunc(ours, func(t skills.Target) bool { return sameFolder(t, target) })
	}, nil
}

// stage writes the skill's files beside their targets, and completes the
// record with what only its SKILL.md says.
func stage(ctx context.Context, op skills.Operation, src *source, record *skills.InstalledSkill) error {
	if len(op.Moves) == 0 {
		return nil
	}
	var head bytes.Buffer
	err := install.Stage(ctx, op, func(write func(path string, r io.Reader) error) error {
		return src.read(ctx, func(path string, _ int64, r io.Reader) error {
			if path == skills.SkillFile {
				r = io.TeeReader(r, &limitedBuffer{buf: &head, left: 2 * skills.MaxFrontmatter})
			}
			return write(path, r)
		})
	})
	if err != nil {
		return err
	}
	if front, err := skills.ReadFrontmatter(&head); err == nil {
		record.Metadata.Author = front.Metadata["author"]
		record.Metadata.Tags = splitTags(front.Metadata["tags"])
	}
	return nil
}

// limitedBuffer keeps the first bytes written to it and drops the rest.
type limitedBuffer struct {
	buf  *bytes.Buffer
	left int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	kept := p[:min(len(p), b.left)]
	b.left -= len(kept)
	b.buf.Write(kept)
	return len(p), nil
}

// splitTags splits a list of tags that is written as one string.
func splitTags(text string) []string {
	var tags []string
	for tag := range strings.SplitSeq(text, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// sameFolder reports whether two targets are one folder.
func sameFolder(a, b skills.Target) bool { return a.Base == b.Base && a.Path == b.Path }

// mergeTargets returns the folders of both, each once with all its clients.
func mergeTargets(old, added []skills.Target) []skills.Target {
	merged := slices.Clone(old)
	for _, target := range added {
		i := slices.IndexFunc(merged, func(t skills.Target) bool { return sameFolder(t, target) })
		if i < 0 {
			merged = append(merged, target)
			continue
		}
		both := slices.Concat(merged[i].Clients, target.Clients)
		slices.Sort(both)
		merged[i].Clients = slices.Compact(both)
	}
	slices.SortFunc(merged, func(a, b skills.Target) int {
		return cmp.Or(strings.Compare(a.Base, b.Base), strings.Compare(a.Path, b.Path))
	})
	return merged
}

// missing returns the folders that do not hold the skill yet, or no more.
func missing(all, present []skills.Target) []skills.Target {
	return slices.DeleteFunc(slices.Clone(all), func(target skills.Target) bool {
		return slices.ContainsFunc(present, func(t skills.Target) bool { return sameFolder(t, target) }) && install.Present(target)
	})
}

// clientsOf returns the ids of all the clients, sorted.
func clientsOf(targets []skills.Target) []string {
	var ids []string
	for _, target := range targets {
		ids = append(ids, target.Clients...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
