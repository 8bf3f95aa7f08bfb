// SPDX-License-Identifier: Apache-2.0

package skills

import "time"

// Scope says for whom a skill is installed.
type Scope string

// The scopes of an installation.
const (
	// ScopeUser is the folders below the user's home.
	ScopeUser Scope = "user"
	// ScopeProject is the folders below a project's root.
	ScopeProject Scope = "project"
)

// Status is how far an installation has come.
type Status string

// The states of an installation.
const (
	StatusInstalled Status = "installed"
	StatusPending   Status = "pending"
	StatusFailed    Status = "failed"
)

// Metadata describes a skill to people.
type Metadata struct {
	Name        string
	Version     string
	Description string
	Author      string
	Tags        []string
}

// Dependency is another skill that a skill asks for.
type Dependency struct {
	// Name is the last path segment of the reference's repository.
	Name string
	// Reference is the OCI reference as the skill names it.
	Reference string
	// Digest is set where the reference is pinned to one.
	Digest string
}

// Key identifies one installation: the same skill may be installed once for
// the user and once in each project.
type Key struct {
	Name  string
	Scope Scope
	// ProjectRoot is the project's absolute path; empty for ScopeUser.
	ProjectRoot string
}

// InstalledSkill is the record of one installation.
type InstalledSkill struct {
	Metadata    Metadata
	Scope       Scope
	ProjectRoot string
	// Reference is where the skill came from: the store tag of a local build,
	// an OCI reference, or a git reference.
	Reference string
	// Tag is the store tag or the reference's tag; empty for git and digests.
	Tag string
	// Digest is the artifact's digest ("sha256:…") or the git commit (40 hex digits).
	Digest      string
	Status      Status
	InstalledAt time.Time
	// Clients are the ids of the AI clients that have the skill, sorted.
	Clients []string
	// Targets are the folders that hold the skill, one for each distinct folder.
	Targets      []Target
	Dependencies []Dependency
	// Group is the group that the skill belongs to.
	Group string
}

// Key returns what identifies the installation.
func (s InstalledSkill) Key() Key {
	return Key{Name: s.Metadata.Name, Scope: s.Scope, ProjectRoot: s.ProjectRoot}
}

// Target is one folder that holds, or is to hold, an installed skill. Several
// clients may share it.
type Target struct {
	// Base is the absolute folder that access is confined to: the home folder,
	// a client's own configuration folder, or the project's root.
	Base string
	// Path is the skill's folder relative to Base, with '/' separators.
	Path string
	// Clients are the ids of the clients that read the folder, sorted.
	Clients []string
}

// SkillInfo is what is known of one installed skill.
type SkillInfo struct {
	Metadata  Metadata
	Installed InstalledSkill
}

// Build is one artifact that was built here, under one tag.
type Build struct {
	Tag         string
	Digest      string
	Name        string
	Description string
	Version     string
}

// File is one file of a skill.
type File struct {
	// Path is relative to the skill's folder, with '/' separators.
	Path string
	// Size is in bytes.
	Size int64
}

// Content is what a preview shows of a skill.
type Content struct {
	Name        string
	Description string
	Version     string
	License     string
	// Body is the whole SKILL.md as it stands in the artifact.
	Body string
	// Files are all the files, sorted by path.
	Files []File
	// ETag identifies exactly these bytes: the artifact's digest, or the git
	// commit and folder. It has no quotes.
	ETag string
	// Stale says that a cached copy answered because the registry could not be asked.
	Stale bool
}
