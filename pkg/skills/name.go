// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"strings"
	"unicode/utf8"
)

// Bounds of a skill's name, in characters (Agent Skills specification, "name field").
const (
	MinName = 2
	MaxName = 64
)

// ValidateName checks a skill's name: lowercase letters, digits and single
// hyphens, beginning and ending with a letter or digit, of MinName to MaxName
// characters. It returns an Invalid error that names the first rule broken.
func ValidateName(name string) error {
	switch length := utf8.RuneCountInString(name); {
	case name == "":
		return Errorf(Invalid, "the skill's name is missing")
	case length > MaxName:
		return Errorf(Invalid, "skill name %q has %d characters; at most %d are allowed", shorten(name), length, MaxName)
	case length < MinName:
		return Errorf(Invalid, "skill name %q has %d character; at least %d are needed", name, length, MinName)
	case !isNameAlphabet(name):
		return Errorf(Invalid, "skill name %q may hold only lowercase letters a to z, digits and hyphens", name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return Errorf(Invalid, "skill name %q must not begin or end with a hyphen", name)
	case strings.Contains(name, "--"):
		return Errorf(Invalid, "skill name %q must not have two hyphens in a row", name)
	}
	return nil
}

func isNameAlphabet(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// shorten keeps a message readable when its input is not.
func shorten(s string) string {
	const most = 200
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
