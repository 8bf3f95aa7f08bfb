// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"path/filepath"

	"github.com/skilld/skilld/pkg/skills"
)

// checkKey completes the key of an installation: the scope is "user" unless a
// project root says otherwise. It returns an Invalid error for a bad name, an
// unknown scope, or a project root that does not fit the scope.
func checkKey(key skills.Key) (skills.Key, error) {
	if err := skills.ValidateName(key.Name); err != nil {
		return key, err
	}
	scope, root, err := checkPlace(key.Scope, key.ProjectRoot)
	return skills.Key{Name: key.Name, Scope: scope, ProjectRoot: root}, err
}

// checkPlace completes and checks a scope with its project root.
func checkPlace(scope skills.Scope, root string) (skills.Scope, string, error) {
	if err := checkScope(scope); err != nil {
		return "", "", err
	}
	if scope == "" {
		scope = skills.ScopeUser
		if root != "" {
			scope = skills.ScopeProject
		}
	}
	switch {
	case scope == skills.ScopeUser && root != "":
		return "", "", skills.Errorf(skills.Invalid, "project_root goes with scope %q, not with scope %q", skills.ScopeProject, skills.ScopeUser)
	case scope == skills.ScopeUser:
		return scope, "", nil
	case root == "":
		return "", "", skills.Errorf(skills.Invalid, "scope %q needs project_root, the absolute path of the project's folder", skills.ScopeProject)
	}
	if err := skills.CheckPath("project_root", root); err != nil {
		return "", "", err
	}
	return scope, cleanRoot(root), nil
}

// checkScope accepts the known scopes and none.
func checkScope(scope skills.Scope) error {
	switch scope {
	case "", skills.ScopeUser, skills.ScopeProject:
		return nil
	}
	return skills.Errorf(skills.Invalid, "scope %q is unknown; it is %q or %q", scope, skills.ScopeUser, skills.ScopeProject)
}

// cleanRoot gives every spelling of a project's path one form.
func cleanRoot(root string) string { return filepath.Clean(root) }
