// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// everyClient, alone, asks for every client found on the machine.
	everyClient = "all"
	// whichClients ends a message about a client that was not understood.
	whichClients = "GET /api/v1beta/discovery/clients lists the known ones"
)

// Targets returns the folders that a skill of the name has to be in, so that
// the clients with these ids find it: below the home folder for ScopeUser (or
// where $XDG_CONFIG_HOME or a variable of the client's own points), below
// projectRoot, an absolute path, for ScopeProject. No ids, or "all" alone, mean
// every client found on the machine. The targets are sorted by folder; clients
// that share a folder, be it by way of a symbolic link, share one target.
//
// Links on the way to a folder are resolved where they stay inside Base, so
// that a folder has one name however it is reached. One that leads elsewhere is
// left in Path as it is, for whoever writes there to refuse.
//
// It returns an Invalid error for a bad skill name or scope, a project root
// that is not absolute, an unknown or empty id, "all" beside other ids, and
// where every client is meant but none is found.
func (m Machine) Targets(name string, ids []string, scope skills.Scope, projectRoot string) ([]skills.Target, error) {
	if err := skills.ValidateName(name); err != nil {
		return nil, err
	}
	if scope != skills.ScopeUser && scope != skills.ScopeProject {
		return nil, skills.Errorf(skills.Invalid, "scope %.80q is unknown; it must be %q or %q", scope, skills.ScopeUser, skills.ScopeProject)
	}
	if scope == skills.ScopeProject && !filepath.IsAbs(projectRoot) {
		return nil, skills.Errorf(skills.Invalid, "project_root %.200q must be the absolute path of the project's folder", projectRoot)
	}
	chosen, err := m.choose(ids)
	if err != nil {
		return nil, err
	}

	var targets []skills.Target
	for _, c := range chosen {
		base, holder := projectRoot, c.project
		if scope == skills.ScopeUser {
			base, holder = m.locate(c, c.user)
		}
		base, holder = resolve(base, holder)
		targets = share(targets, skills.Target{Base: base, Path: path.Join(holder, name), Clients: []string{c.ID}})
	}
	slices.SortFunc(targets, func(a, b skills.Target) int {
		return cmp.Or(cmp.Compare(a.Base, b.Base), cmp.Compare(a.Path, b.Path))
	})
	return targets, nil
}

// choose returns the clients that the ids mean, sorted by id, each once.
func (m Machine) choose(ids []string) ([]Client, error) {
	if len(ids) == 0 || len(ids) == 1 && ids[0] == everyClient {
		return m.present()
	}
	var chosen []Client
	for _, id := range ids {
		c, ok := find(id)
		switch {
		case id == "":
			return nil, skills.Errorf(skills.Invalid, "clients holds an empty id; %s", whichClients)
		case id == everyClient:
			return nil, skills.Errorf(skills.Invalid, "client %q must stand alone: it means every client found on this machine", id)
		case !ok:
			return nil, skills.Errorf(skills.Invalid, "client %.80q is unknown; %s", id, whichClients)
		}
		chosen = append(chosen, c)
	}
	slices.SortFunc(chosen, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(chosen, func(a, b Client) bool { return a.ID == b.ID }), nil
}

// present returns the clients found on the machine.
func (m Machine) present() ([]Client, error) {
	var found []Client
	for _, c := range table {
		if m.Has(c) {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, skills.Errorf(skills.Invalid,
			"no AI client was found on this machine; name one in clients, such as claude-code, cursor or codex (%s)", whichClients)
	}
	return found, nil
}

// share adds the target, or its clients alone where its folder is there already.
func share(targets []skills.Target, t skills.Target) []skills.Target {
	same := func(other skills.Target) bool { return folder(other) == folder(t) }
	i := slices.IndexFunc(targets, same)
	if i < 0 {
		return append(targets, t)
	}
	targets[i].Clients = append(targets[i].Clients, t.Clients...)
	return targets
}

// folder returns the absolute path of the target's folder.
func folder(t skills.Target) string {
	return filepath.Join(t.Base, filepath.FromSlash(t.Path))
}

// resolve follows the symbolic links in base, and those in holder, a path
// below it, as far as they stay in base.
func resolve(base, holder string) (realBase, realHolder string) {
	realBase = realPath(base)
	inBase, ok := below(realBase, realPath(filepath.Join(realBase, filepath.FromSlash(holder))))
	if !ok {
		return realBase, holder
	}
	return realBase, inBase
}

// realPath follows the symbolic links in an absolute path, of which the last
// part may be missing. What cannot be followed stays as it is.
func realPath(p string) string {
	resolved, err := filepath.EvalSymlinks(p)
	switch parent := filepath.Dir(p); {
	case err == nil:
		return resolved
	case errors.Is(err, fs.ErrNotExist) && parent != p:
		return filepath.Join(realPath(parent), filepath.Base(p))
	default:
		return filepath.Clean(p)
	}
}
