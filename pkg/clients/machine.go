// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// configFolder is the folder below the home folder that $XDG_CONFIG_HOME replaces.
const configFolder = ".config"

// Machine is where clients are looked for. Its fields are seams for tests;
// [Local] fills them in from the real machine.
type Machine struct {
	// Home is the absolute path of the user's home folder.
	Home string
	// Getenv returns the value of an environment variable, empty if it is not set.
	Getenv func(string) string
	// GOOS is the operating system, named as in runtime.GOOS.
	GOOS string
}

// Discovered is one known client and whether it is on the machine.
type Discovered struct {
	ID        string
	Installed bool
}

// Local returns the machine that skilld runs on, with the home folder of the
// user who runs it. It fails where that user has none.
func Local() (Machine, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return Machine{}, fmt.Errorf("find the home folder: %w", err)
	}
	if !filepath.IsAbs(home) {
		return Machine{}, fmt.Errorf("the home folder %q is not an absolute path", home)
	}
	return Machine{Home: filepath.Clean(home), Getenv: os.Getenv, GOOS: runtime.GOOS}, nil
}

// Discover returns every known client, sorted by id.
func (m Machine) Discover() []Discovered {
	found := make([]Discovered, len(table))
	for i, c := range table {
		found[i] = Discovered{ID: c.ID, Installed: m.Has(c)}
	}
	return found
}

// Has reports whether the client is on the machine: whether any of the paths
// that say so exists. A path that may not be looked at counts as missing.
func (m Machine) Has(c Client) bool {
	for _, path := range c.detect {
		for _, place := range m.places(c, path) {
			if _, err := os.Stat(place); err == nil {
				return true
			}
		}
	}
	return false
}

// places returns the absolute paths that a path of the detect list stands for.
func (m Machine) places(c Client, path string) []string {
	base, rest := m.locate(c, path)
	places := []string{filepath.Join(base, filepath.FromSlash(rest))}
	inConfig, ok := strings.CutPrefix(path, configFolder+"/")
	switch {
	case !ok:
	case m.GOOS == "windows":
		places = append(places, filepath.Join(m.appData(), filepath.FromSlash(inConfig)))
	case m.GOOS == "darwin" && isEditorFolder(inConfig):
		places = append(places, filepath.Join(m.Home, "Library", "Application Support", filepath.FromSlash(inConfig)))
	}
	return places
}

// locate returns the folder that access to a path of the client is confined
// to, and the path below it, with '/' separators. That folder is the home
// folder unless the user's environment has moved the client's own one, or
// .config to somewhere outside the home folder.
func (m Machine) locate(c Client, path string) (base, rest string) {
	first, rest, _ := strings.Cut(path, "/")
	own, _, _ := strings.Cut(c.user, "/")
	if c.env != "" && first == own {
		if dir, ok := m.folder(c.env); ok {
			return dir, rest
		}
	}
	if first != configFolder {
		return m.Home, path
	}
	dir, ok := m.folder("XDG_CONFIG_HOME")
	if !ok {
		return m.Home, path
	}
	if inHome, ok := below(m.Home, dir); ok {
		return m.Home, inHome + "/" + rest
	}
	return dir, rest
}

// folder returns the folder that an environment variable names. A relative one
// is ignored, as the XDG Base Directory specification asks: it would be
// relative to the folder that the client was started in.
func (m Machine) folder(variable string) (string, bool) {
	dir := m.Getenv(variable)
	if !filepath.IsAbs(dir) {
		return "", false
	}
	return filepath.Clean(dir), true
}

// appData is the folder of Windows that serves as .config.
func (m Machine) appData() string {
	if dir, ok := m.folder("APPDATA"); ok {
		return dir
	}
	return filepath.Join(m.Home, "AppData", "Roaming")
}

// isEditorFolder reports whether a path below .config belongs to an editor of
// the VS Code family. On macOS those keep their data in Application Support.
func isEditorFolder(path string) bool {
	editor, _, _ := strings.Cut(path, "/")
	return editor == "Code" || editor == "Code - Insiders" || editor == "Trae"
}

// below returns path relative to the folder base, with '/' separators, if it
// is base or lies below it.
func below(base, path string) (string, bool) {
	rel, err := filepath.Rel(base, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}
