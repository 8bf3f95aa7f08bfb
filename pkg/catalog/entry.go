// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Object is a JSON object of somebody else's, kept as it came.
type Object = map[string]json.RawMessage

// Entry is one published skill, in the JSON of catalogue files and of the
// registry API. Its lists and maps are shared: callers must not change them.
type Entry struct {
	Namespace     string      `json:"namespace"`
	Name          string      `json:"name"`
	Description   string      `json:"description"`
	Version       string      `json:"version"`
	Status        string      `json:"status,omitempty"`
	Title         string      `json:"title,omitempty"`
	License       string      `json:"license,omitempty"`
	Compatibility string      `json:"compatibility,omitempty"`
	AllowedTools  []string    `json:"allowedTools,omitempty"`
	Repository    *Repository `json:"repository,omitempty"`
	Icons         []Object    `json:"icons,omitempty"`
	Packages      []Package   `json:"packages,omitempty"`
	Metadata      Object      `json:"metadata,omitempty"`
	Meta          Object      `json:"_meta,omitempty"`
}

// Repository is where a skill is developed.
type Repository struct {
	URL  string `json:"url,omitempty"`
	Type string `json:"type,omitempty"`
}

// Package is one way to get a skill.
type Package struct {
	// RegistryType is "oci" or "git", in any case; others are for other tools.
	RegistryType string `json:"registryType"`
	// Identifier is the reference of an OCI package.
	Identifier string `json:"identifier,omitempty"`
	Digest     string `json:"digest,omitempty"`
	MediaType  string `json:"mediaType,omitempty"`
	// URL is the repository of a git package; the rest say what of it.
	URL       string `json:"url,omitempty"`
	Ref       string `json:"ref,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Subfolder string `json:"subfolder,omitempty"`
}

// FullName returns "namespace/name", or the name alone where the entry has no
// namespace.
func (e Entry) FullName() string {
	if e.Namespace == "" {
		return e.Name
	}
	return e.Namespace + "/" + e.Name
}

// maxName bounds the namespace and the name, in bytes.
const maxName = 256

// check returns why the entry cannot be looked up, or nil.
func (e Entry) check() error {
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
