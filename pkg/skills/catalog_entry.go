// SPDX-License-Identifier: Apache-2.0

package skills

import "encoding/json"

// JSONObject is a JSON object of somebody else's, kept as it came.
type JSONObject = map[string]json.RawMessage

// CatalogEntry is one published skill, in the JSON that catalogue files, the
// registry API and our own answers share. Its lists and maps are shared:
// callers must not change them.
//
//	@Description	One published skill, as the catalogue has it.
type CatalogEntry struct {
	// Who publishes the skill, often a domain name backwards.
	Namespace string `json:"namespace" validate:"required" example:"io.github.org"`
	// The skill's name.
	Name string `json:"name" validate:"required" example:"pdf-tools"`
	// What the skill is for.
	Description string `json:"description" validate:"required" example:"Reads and fills PDF forms"`
	// The version that the packages are of; empty if the catalogue names none.
	Version string `json:"version" validate:"required" example:"1.0.0"`
	// How far the skill's publication has come.
	Status string `json:"status,omitempty" example:"active"`
	// The name for people.
	Title string `json:"title,omitempty" example:"PDF tools"`
	// The licence of the skill.
	License string `json:"license,omitempty" example:"Apache-2.0"`
	// What the skill needs to work.
	Compatibility string `json:"compatibility,omitempty" example:"Needs python3"`
	// The tools that an agent may use for the skill.
	AllowedTools []string `json:"allowedTools,omitempty" example:"Read"`
	// Where the skill is developed.
	Repository *CatalogRepository `json:"repository,omitempty"`
	// Pictures of the skill, as the catalogue has them.
	Icons []map[string]any `json:"icons,omitempty"`
	// The ways to get the skill.
	Packages []CatalogPackage `json:"packages,omitempty"`
	// More about the skill, as the catalogue has it.
	Metadata JSONObject `json:"metadata,omitempty" swaggertype:"object"`
	// What tools noted about the entry, as the catalogue has it.
	Meta JSONObject `json:"_meta,omitempty" swaggertype:"object"`
} // @name CatalogEntry

// CatalogRepository is where a skill is developed.
//
//	@Description	Where a skill is developed.
type CatalogRepository struct {
	// The address of the repository.
	URL string `json:"url,omitempty" example:"https://github.com/org/skills"`
	// What sort of repository it is.
	Type string `json:"type,omitempty" example:"git"`
} // @name CatalogRepository

// CatalogPackage is one way to get a skill.
//
//	@Description	One way to get a skill.
type CatalogPackage struct {
	// What sort of package it is, "oci" or "git"; others are for other tools.
	RegistryType string `json:"registryType" validate:"required" example:"oci"`
	// The reference of an OCI package.
	Identifier string `json:"identifier,omitempty" example:"ghcr.io/org/pdf-tools:v1"`
	// The digest that an OCI package must have.
	Digest string `json:"digest,omitempty" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	// The media type of an OCI package.
	MediaType string `json:"mediaType,omitempty" example:"application/vnd.oci.image.index.v1+json"`
	// The repository of a git package.
	URL string `json:"url,omitempty" example:"https://github.com/org/skills"`
	// The branch or tag of a git package.
	Ref string `json:"ref,omitempty" example:"v1"`
	// The full commit hash of a git package, which goes before the ref.
	Commit string `json:"commit,omitempty" example:"0123456789abcdef0123456789abcdef01234567"`
	// The skill's folder in a git package.
	Subfolder string `json:"subfolder,omitempty" example:"skills/pdf-tools"`
} // @name CatalogPackage

// FullName returns "namespace/name", or the name alone where the entry has no
// namespace.
func (e CatalogEntry) FullName() string {
	if e.Namespace == "" {
		return e.Name
	}
	return e.Namespace + "/" + e.Name
}
