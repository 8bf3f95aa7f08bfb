// SPDX-License-Identifier: Apache-2.0

package install

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// Plan returns the operation that installs a skill into the targets, and
// changes nothing. The id has to be unique and safe in a file name. owned says
// whether skilld itself put the folder of a target there.
//
// It returns a Conflict error that names the folders where something is at a
// target that is not owned, unless force is set; one where a symbolic link on
// the way to a target leads out of its base, or where its base may not be read;
// and an Invalid error where a target is not a path below its base, or the
// project's root is gone.
func Plan(id string, key skills.Key, targets []skills.Target, owned func(skills.Target) bool, force bool) (skills.Operation, error) {
	op := skills.Operation{ID: id, Key: key, Phase: skills.PhaseStaging}
	var foreign []string
	for _, t := range targets {
		present, err := look(key, t)
		if err != nil {
			return skills.Operation{}, err
		}
		if present && !force && !owned(t) {
			foreign = append(foreign, folder(t))
		}
		move := skills.Move{Base: t.Base, Path: t.Path, Staged: sibling(id, t.Path, ".new")}
		if present {
			move.Backup = sibling(id, t.Path, ".old")
		}
		op.Moves = append(op.Moves, move)
	}
	if len(foreign) > 0 {
		return skills.Operation{}, skills.Errorf(skills.Conflict,
			"%s exists already and was not installed by skilld; force would replace it", strings.Join(foreign, ", "))
	}
	return op, nil
}

// PlanRemoval returns the operation that removes a skill from the targets.
// Targets whose folder is gone already are no error, then or later.
func PlanRemoval(id string, key skills.Key, targets []skills.Target) skills.Operation {
	op := skills.Operation{ID: id, Key: key, Phase: skills.PhaseStaging}
	for _, t := range targets {
		op.Moves = append(op.Moves, skills.Move{Base: t.Base, Path: t.Path, Backup: sibling(id, t.Path, ".old")})
	}
	return op
}

// Present reports whether the target's folder is there and holds a SKILL.md.
// A symbolic link in the place of either counts as missing.
func Present(t skills.Target) bool {
	d, err := worker{}.open(t.Base)
	if err != nil {
		return false
	}
	defer func() { _ = d.close() }()
	if there, err := d.isFolder(t.Path); err != nil || !there {
		return false
	}
	info, err := d.root.Lstat(filepath.FromSlash(path.Join(t.Path, skills.SkillFile)))
	return err == nil && info.Mode().IsRegular()
}

// look reports whether anything is at the target.
func look(key skills.Key, t skills.Target) (bool, error) {
	if !filepath.IsAbs(t.Base) || !isLocal(t.Path) {
		return false, skills.Errorf(skills.Invalid, "%q below %q is not a folder that this system can have", t.Path, t.Base)
	}
	d, err := worker{}.open(t.Base)
	switch {
	case isMissing(err) && key.Scope == skills.ScopeProject:
		return false, noProject(t.Base, err)
	case isMissing(err):
		return false, nil
	case err != nil:
		return false, skills.Wrap(skills.Conflict, err, "folder %s cannot be opened", t.Base)
	}
	defer func() { _ = d.close() }()
	return d.exists(t.Path)
}

func noProject(base string, cause error) error {
	return skills.Wrap(skills.Invalid, cause, "project_root %s is not a folder that exists", base)
}

// folder is the absolute path of the target's folder.
func folder(t skills.Target) string {
	return filepath.Join(t.Base, filepath.FromSlash(t.Path))
}

// sibling is a hidden name beside the path that is the operation's own.
func sibling(id, name, suffix string) string {
	return path.Join(path.Dir(name), ".skilld-"+id+"-"+path.Base(name)+suffix)
}

// marker is the file that an operation's new folders hold until it is finished.
func marker(id string) string { return ".skilld-" + id }
