// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/skilld/skilld/pkg/skills"
)

// realFolders returns the folders without symbolic links on the way to them.
func realFolders(dirs []string) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		resolved, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return nil, skills.Wrap(skills.Invalid, err, "allowed path %q is not a folder that exists", dir)
		}
		info, err := os.Stat(resolved)
		if err != nil || !info.IsDir() || !filepath.IsAbs(resolved) {
			return nil, skills.Errorf(skills.Invalid, "allowed path %q is not the absolute path of a folder", dir)
		}
		found = append(found, resolved)
	}
	return found, nil
}

// openFolder opens a folder that a request names. What an allowed folder holds
// is opened from there, so that a link that is swapped in after the check leads
// nowhere else. It returns a Forbidden error for a folder outside of all
// allowed ones, and otherwise the system's.
func (s *Service) openFolder(dir string) (*os.Root, error) {
	if len(s.allowed) == 0 {
		return os.OpenRoot(dir)
	}
	base, rest, ok := s.within(dir)
	if !ok {
		return nil, notAllowed("path", dir)
	}
	root, err := os.OpenRoot(base)
	if err != nil || rest == "." {
		return root, err
	}
	defer func() { _ = root.Close() }()
	return root.OpenRoot(rest)
}

// allow returns a Forbidden error unless the path, which the request calls
// field, is that of an allowed folder or below one.
func (s *Service) allow(field, path string) error {
	if _, _, ok := s.within(path); !ok && len(s.allowed) > 0 {
		return notAllowed(field, path)
	}
	return nil
}

// allowTargets is allow for the folders that an installation writes to. Those
// of scope user are where the AI clients look, and no request names them.
func (s *Service) allowTargets(key skills.Key, targets []skills.Target) error {
	if key.Scope != skills.ScopeProject {
		return nil
	}
	for _, target := range targets {
		if err := s.allow("project_root", target.Base); err != nil {
			return err
		}
	}
	return nil
}

// within returns the allowed folder that the path is in, once symbolic links
// are followed, and the path from there.
func (s *Service) within(path string) (base, rest string, ok bool) {
	resolved, err := followLinks(path)
	if err != nil {
		return "", "", false
	}
	for _, base := range s.allowed {
		if rest, err := filepath.Rel(base, resolved); err == nil && filepath.IsLocal(rest) {
			return base, rest, true
		}
	}
	return "", "", false
}

// followLinks follows the symbolic links in an absolute path whose last parts
// may be missing. It returns the system's error for what may not be looked at.
func followLinks(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	parent := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || parent == path {
		return resolved, err
	}
	resolved, err = followLinks(parent)
	return filepath.Join(resolved, filepath.Base(path)), err
}

func notAllowed(field, path string) error {
	return skills.Errorf(skills.Forbidden, "%s %q is in none of the folders that requests may name (--allow-path)", field, path)
}
