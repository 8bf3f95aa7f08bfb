// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"context"
	"strings"
	"unicode/utf8"
)

const (
	// DefaultGroup always exists; an install that names no group joins it.
	DefaultGroup = "default"
	// MaxGroupName bounds the name of a group, in characters.
	MaxGroupName = 64
)

// Group is a named set of installed skills.
type Group struct {
	Name string
	// Skills are the names of the members, sorted, each once: a skill that is
	// installed for the user and in a project counts as one.
	Skills []string
}

// Groups are the named sets of installed skills, as the HTTP handlers see them.
// Every error has a kind; each method that takes a name returns an Invalid
// error for one that [ValidateGroupName] refuses.
type Groups interface {
	// ListGroups returns all groups, sorted by name.
	ListGroups(ctx context.Context) ([]Group, error)
	// Group returns one group. NotFound if there is none of the name.
	Group(ctx context.Context, name string) (Group, error)
	// CreateGroup makes an empty group. Conflict: a name that is taken.
	CreateGroup(ctx context.Context, name string) error
	// DeleteGroup removes a group; its skills stay installed and join
	// DefaultGroup. Invalid: DefaultGroup itself. NotFound: an unknown group.
	DeleteGroup(ctx context.Context, name string) error
}

// ValidateGroupName checks the name of a group: lowercase letters a to z,
// digits, '_', '-' and single inner spaces, of 1 to MaxGroupName characters. It
// returns an Invalid error that names the first rule broken.
func ValidateGroupName(name string) error {
	switch length := utf8.RuneCountInString(name); {
	case name == "":
		return Errorf(Invalid, "the group's name is missing")
	case length > MaxGroupName:
		return Errorf(Invalid, "group name %q has %d characters; at most %d are allowed", shorten(name), length, MaxGroupName)
	case strings.ContainsFunc(name, notInGroupName):
		return Errorf(Invalid, "group name %q may hold only lowercase letters a to z, digits, '_', '-' and spaces", name)
	case strings.HasPrefix(name, " ") || strings.HasSuffix(name, " "):
		return Errorf(Invalid, "group name %q must not begin or end with a space", name)
	case strings.Contains(name, "  "):
		return Errorf(Invalid, "group name %q must not have two spaces in a row", name)
	}
	return nil
}

func notInGroupName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("_- ", r)
}
