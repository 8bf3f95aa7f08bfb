// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"oras.land/oras-go/v2/registry"
)

const (
	// defaultRegistry is meant where a reference names no registry.
	defaultRegistry = "docker.io"
)

// bareTag is the grammar of a tag (OCI distribution specification, "Pulling manifests").
var bareTag = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

// host is a domain name or an IP address, with a port where there is one.
var host = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`)

// Reference is an OCI reference: where an artifact is to be had.
type Reference struct {
	// Registry is the host, with a port where there is one.
	Registry string
	// Repository is the path in the registry.
	Repository string
	// Tag is "latest" where the reference has neither tag nor digest; empty
	// where it has a digest.
	Tag string
	// Digest is "sha256:…" or empty.
	Digest string

	// pinned and explicit say how it was written; see Pinned and Unambiguous.
	pinned, explicit bool
}

// ParseReference parses an OCI reference. A missing registry means docker.io,
// as it does for container tools. It returns an Invalid error if s is malformed.
func ParseReference(s string) (Reference, error) {
	parsed, err := name.ParseReference(s, name.WithDefaultRegistry(defaultRegistry))
	if err != nil {
		return Reference{}, malformed(s, err)
	}
	repo := parsed.Context()
	ref := Reference{Registry: repo.RegistryStr(), Repository: repo.RepositoryStr()}
	if ref.Registry == name.DefaultRegistry {
		ref.Registry = defaultRegistry
	}
	switch parsed := parsed.(type) {
	case name.Digest:
		ref.Digest = parsed.DigestStr()
	case name.Tag:
		ref.Tag = parsed.TagStr()
	}
	// go-containerregistry's grammar is wider than the specification's.
	strict := registry.Reference{Registry: ref.Registry, Repository: ref.Repository, Reference: ref.Tag + ref.Digest}
	if err := strict.Validate(); err != nil || !host.MatchString(ref.Registry) {
		return Reference{}, malformed(s, err)
	}
	segments := strings.Split(s, "/")
	ref.pinned = ref.Digest != "" || strings.Contains(segments[len(segments)-1], ":")
	ref.explicit = ref.pinned || len(segments) > 2 || looksLikeHost(segments)
	return ref, nil
}

func malformed(s string, cause error) error {
	return Wrap(Invalid, cause, "%q is not an OCI reference such as ghcr.io/org/name:v1", shorten(s))
}

// looksLikeHost applies the rule of container tools: a first segment with a
// dot or a port is a registry.
func looksLikeHost(segments []string) bool {
	return len(segments) > 1 && strings.ContainsAny(segments[0], ".:")
}

// Unambiguous reports whether the reference can only mean an OCI artifact: it
// was written with a digest, a tag, a registry host or more than two path
// segments. Otherwise it may also be the catalogue's name of a skill.
func (r Reference) Unambiguous() bool { return r.explicit }

// Pinned reports whether the reference was written with a tag or a digest.
func (r Reference) Pinned() bool { return r.pinned }

// Name returns the last segment of the repository.
func (r Reference) Name() string {
	return r.Repository[strings.LastIndexByte(r.Repository, '/')+1:]
}

// String returns the canonical form: registry/repository:tag, or
// registry/repository@digest where there is a digest.
func (r Reference) String() string {
	if r.Digest != "" {
		return r.Registry + "/" + r.Repository + "@" + r.Digest
	}
	return r.Registry + "/" + r.Repository + ":" + r.Tag
}

// SameRepository reports whether both name the same registry and repository.
func (r Reference) SameRepository(other Reference) bool {
	return r.Registry == other.Registry && r.Repository == other.Repository
}

// ValidateTag checks what a build may be tagged with: a bare OCI tag, or a
// full reference without a digest. It returns an Invalid error otherwise.
func ValidateTag(tag string) error {
	if bareTag.MatchString(tag) {
		return nil
	}
	if !strings.ContainsAny(tag, "/:@") {
		return Errorf(Invalid, "tag %q is not an OCI tag: letters, digits, '_', '.' and '-', at most 128, not beginning with '.' or '-'", shorten(tag))
	}
	ref, err := ParseReference(tag)
	switch {
	case err != nil:
		return Wrap(Invalid, err, "tag %q is neither an OCI tag nor a reference such as ghcr.io/org/name:v1", shorten(tag))
	case ref.Digest != "":
		return Errorf(Invalid, "tag %q has a digest; a build is tagged with a tag alone", shorten(tag))
	}
	return nil
}
