// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

// metadata describes a skill to people.
//
//	@Description	What a skill says of itself.
type metadata struct {
	// The skill's name.
	Name string `json:"name" validate:"required" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" example:"pdf-tools"`
	// The skill's version; empty if it declares none.
	Version string `json:"version" validate:"required" example:"1.0.0"`
	// What the skill is for.
	Description string `json:"description" validate:"required" example:"Reads and fills PDF forms"`
	// Who made the skill; empty if it does not say.
	Author string `json:"author" validate:"required" example:"Jo Doe"`
	// Words to find the skill by.
	Tags []string `json:"tags,omitempty" example:"pdf,forms"`
} // @name SkillMetadata

// dependency is another skill that a skill asks for.
//
//	@Description	Another skill that a skill asks for.
type dependency struct {
	// The last path segment of the reference's repository.
	Name string `json:"name" validate:"required" example:"ocr"`
	// The OCI reference as the skill names it.
	Reference string `json:"reference" validate:"required" example:"ghcr.io/org/ocr:v2"`
	// The digest, where the reference is pinned to one.
	Digest string `json:"digest,omitempty" pattern:"^sha256:[0-9a-f]{64}$" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
} // @name Dependency

// installedSkill is the record of one installation.
//
//	@Description	The record of one installation: a skill, for one user or project.
type installedSkill struct {
	Metadata metadata `json:"metadata" validate:"required"`
	// For whom the skill is installed.
	Scope string `json:"scope" validate:"required" enums:"user,project" example:"user"`
	// The project's absolute path, for scope project.
	ProjectRoot string `json:"project_root,omitempty" example:"/home/me/project"`
	// Where the skill came from: a local tag, an OCI reference or a git reference.
	Reference string `json:"reference,omitempty" example:"ghcr.io/org/pdf-tools:v1"`
	// The local tag, or the reference's.
	Tag string `json:"tag,omitempty" example:"v1"`
	// The artifact's digest, or the git commit.
	Digest string `json:"digest,omitempty" pattern:"^(sha256:[0-9a-f]{64}|[0-9a-f]{40})$" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	// How far the installation has come.
	Status string `json:"status" validate:"required" enums:"installed,pending,failed" example:"installed"`
	// When the skill was installed, in UTC.
	InstalledAt time.Time `json:"installed_at" validate:"required" format:"date-time" example:"2026-01-02T15:04:05Z"`
	// The ids of the AI clients that have the skill.
	Clients []string `json:"clients,omitempty" example:"claude-code,codex"`
	// Other skills that this one asks for.
	Dependencies []dependency `json:"dependencies,omitempty"`
	// Whether the daemon put the files there; it lists no others.
	Managed bool `json:"managed" validate:"required" example:"true"`
} // @name InstalledSkill

func newMetadata(m skills.Metadata) metadata {
	return metadata{Name: m.Name, Version: m.Version, Description: m.Description, Author: m.Author, Tags: m.Tags}
}

func newInstalled(s skills.InstalledSkill) installedSkill {
	dependencies := make([]dependency, len(s.Dependencies))
	for i, d := range s.Dependencies {
		dependencies[i] = dependency{Name: d.Name, Reference: d.Reference, Digest: d.Digest}
	}
	return installedSkill{
		Metadata:     newMetadata(s.Metadata),
		Scope:        string(s.Scope),
		ProjectRoot:  s.ProjectRoot,
		Reference:    s.Reference,
		Tag:          s.Tag,
		Digest:       s.Digest,
		Status:       string(s.Status),
		InstalledAt:  s.InstalledAt.UTC(),
		Clients:      s.Clients,
		Dependencies: dependencies,
		Managed:      true,
	}
}
