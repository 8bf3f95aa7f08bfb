// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/skilld/skilld/pkg/skills"
)

// maxName bounds the namespace and the name, in bytes.
const maxName = 256

// checkEntry returns why the entry cannot be looked up, or nil.
func checkEntry(e skills.CatalogEntry) error {
	switch {
	case e.Name == "":
		return errors.New("it has no name")
	case len(e.Name) > maxName || len(e.Namespace) > maxName:
		return fmt.Errorf("its name or namespace has over %d bytes", maxName)
	case strings.ContainsRune(e.Name, '/'), strings.ContainsFunc(e.FullName(), notInName):
		return fmt.Errorf("its name %q has white space or control characters in it, or a slash", e.FullName())
	}
	return nil
}

func notInName(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
