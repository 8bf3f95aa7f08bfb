// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"path/filepath"
	"slices"
	"strings"
)

// CheckPath checks a folder that a request names: absolute, with no ".."
// segment and no NUL byte. field is what the request calls it. It returns an
// Invalid error that says which rule is broken.
func CheckPath(field, dir string) error {
	segments := strings.FieldsFunc(dir, func(r rune) bool { return r == '/' || r == filepath.Separator })
	switch {
	case dir == "":
		return Errorf(Invalid, "%s is missing: it must be the absolute path of a folder", field)
	case strings.ContainsRune(dir, 0):
		return Errorf(Invalid, "%s holds a NUL byte", field)
	case !filepath.IsAbs(dir):
		return Errorf(Invalid, "%s %q must be an absolute path", field, shorten(dir))
	case slices.Contains(segments, ".."):
		return Errorf(Invalid, "%s %q must not have \"..\" in it", field, shorten(dir))
	}
	return nil
}
