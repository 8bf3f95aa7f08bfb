// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	typeOCI = "oci"
	typeGit = "git"
	// notInRef are the characters that a git reference cannot hold, those that
	// a shell treats specially, and '#', which begins the folder.
	notInRef = "\\#~^:?*[]{}()<>|&;$`'\"!%"
)

// commitHash is a full commit hash, SHA-1 or SHA-256.
var commitHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// OCI returns the reference of the entry's first usable OCI package, as the
// catalogue spells it, and whether it has one. It returns an Unprocessable error
// where all its OCI packages are malformed.
func (e CatalogEntry) OCI() (string, bool, error) {
	return e.first(typeOCI, func(p CatalogPackage) (string, error) {
		if _, err := ParseReference(p.Identifier); err != nil {
			return "", e.malformed(p, err.Error())
		}
		return p.Identifier, nil
	})
}

// Git returns the reference of the entry's first usable git package,
// git://host/owner/repo[@commit-or-ref][#subfolder] with the commit preferred,
// and whether it has one. It returns an Unprocessable error where all its git
// packages are malformed.
func (e CatalogEntry) Git() (string, bool, error) { return e.first(typeGit, e.gitReference) }

// HasRepository reports whether one of the entry's OCI packages is in the same
// registry and repository as ref, whatever the tags and digests are.
func (e CatalogEntry) HasRepository(ref Reference) bool {
	return slices.ContainsFunc(e.Packages, func(p CatalogPackage) bool {
		if !strings.EqualFold(p.RegistryType, typeOCI) {
			return false
		}
		other, err := ParseReference(p.Identifier)
		return err == nil && other.SameRepository(ref)
	})
}

// first returns the reference of the first package of the type that has one.
// The error is that of the first malformed package, if there is no other.
func (e CatalogEntry) first(registryType string, reference func(CatalogPackage) (string, error)) (string, bool, error) {
	var failure error
	for _, p := range e.Packages {
		if !strings.EqualFold(p.RegistryType, registryType) {
			continue
		}
		ref, err := reference(p)
		if err == nil {
			return ref, true, nil
		}
		if failure == nil {
			failure = err
		}
	}
	return "", false, failure
}

func (e CatalogEntry) malformed(p CatalogPackage, what string) error {
	return Errorf(Unprocessable, "the catalogue's entry %s has a malformed %s package: %s",
		e.FullName(), strings.ToLower(p.RegistryType), what)
}

func (e CatalogEntry) gitReference(p CatalogPackage) (string, error) {
	repository, ok := gitRepository(p.URL)
	if !ok {
		return "", e.malformed(p, "its url must be like https://host/owner/repo")
	}
	ref := p.Ref
	if p.Commit != "" {
		ref = strings.ToLower(p.Commit)
		if !commitHash.MatchString(ref) {
			return "", e.malformed(p, "its commit must be a full commit hash")
		}
	}
	if !validRef(ref) {
		return "", e.malformed(p, "its ref must be the name of a branch or tag")
	}
	folder := strings.TrimSuffix(strings.TrimPrefix(p.Subfolder, "./"), "/")
	if folder == "." {
		folder = ""
	}
	if !validFolder(folder) {
		return "", e.malformed(p, "its subfolder must be a relative path with '/' separators and without '..'")
	}
	if ref != "" {
		repository += "@" + ref
	}
	if folder != "" {
		repository += "#" + folder
	}
	return repository, nil
}

// gitRepository returns git://host/owner/repo for the URL of a repository.
func gitRepository(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" {
		return "", false
	}
	if !slices.Contains([]string{"https", "http", "git"}, u.Scheme) {
		return "", false
	}
	path := strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	segments := strings.Split(path, "/")
	if len(segments) < 2 || slices.ContainsFunc(segments, notSegment) {
		return "", false
	}
	return "git://" + u.Host + "/" + path, true
}

// notSegment reports whether s cannot be a segment of a repository's path.
func notSegment(s string) bool {
	return s == "" || s == "." || s == ".." || strings.Contains(s, "@") || strings.ContainsAny(s, notInRef) || strings.ContainsFunc(s, blankOrControl)
}

func validRef(ref string) bool {
	return !strings.HasPrefix(ref, "-") && !strings.Contains(ref, "..") &&
		!strings.ContainsAny(ref, notInRef) && !strings.ContainsFunc(ref, blankOrControl)
}

func blankOrControl(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func validFolder(folder string) bool {
	if folder == "" {
		return true
	}
	if strings.ContainsAny(folder, "\\#") || strings.ContainsFunc(folder, unicode.IsControl) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(folder, "/"), func(s string) bool { return s == "" || s == "." || s == ".." })
}
