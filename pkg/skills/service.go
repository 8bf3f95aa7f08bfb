// SPDX-License-Identifier: Apache-2.0

package skills

import "context"

// Service is what skilld does with skills. The HTTP handlers know this
// interface and nothing behind it. Every error has a kind; see [KindOf].
type Service interface {
	// List returns the installed skills that match, sorted by name, scope and
	// project. Invalid: an unknown scope, or a project root that is not absolute.
	List(ctx context.Context, opts ListOptions) ([]InstalledSkill, error)
	// Install resolves a name or reference to a skill and puts it into the
	// clients' folders, all or nothing. NotFound: an unknown group. Forbidden: a
	// project that requests may not name.
	Install(ctx context.Context, opts InstallOptions) (InstalledSkill, error)
	// Info returns one installed skill. NotFound if it is not installed.
	Info(ctx context.Context, key Key) (SkillInfo, error)
	// Uninstall removes a skill's folders and its record. NotFound if it is not installed.
	Uninstall(ctx context.Context, key Key) error
	// Validate checks a skill folder without changing anything. A folder that
	// is no valid skill is no error. Invalid: a path that is not absolute or has
	// "..". Forbidden: a path that requests may not name.
	Validate(ctx context.Context, path string) (ValidationResult, error)
	// Build packages a folder and tags the artifact in the local store.
	// Forbidden: a folder that requests may not name.
	Build(ctx context.Context, opts BuildOptions) (BuildResult, error)
	// ListBuilds returns the local builds sorted by tag. The list must not be
	// changed: as long as nothing changes, it is the same slice each time.
	ListBuilds(ctx context.Context) ([]Build, error)
	// DeleteBuild removes a tag and every blob that nothing else refers to.
	// NotFound if no local build has the tag.
	DeleteBuild(ctx context.Context, tag string) error
	// Push sends a local artifact to the registry that its reference names.
	Push(ctx context.Context, opts PushOptions) error
	// Content returns a skill's text and file list from wherever the reference leads.
	Content(ctx context.Context, ref string) (*Content, error)

	Groups
	Clients
	Catalog
}

// ListOptions filter the list of installed skills; empty fields match all.
type ListOptions struct {
	Scope       Scope
	Client      string
	ProjectRoot string
	Group       string
}

// InstallOptions say what to install where.
type InstallOptions struct {
	// Name is a skill's name, an OCI reference or a git reference.
	Name string
	// Version narrows a name to one version or tag; empty for any.
	Version string
	// Scope defaults to ScopeUser.
	Scope Scope
	// ProjectRoot is needed for ScopeProject: the absolute path of an existing folder.
	ProjectRoot string
	// Clients are client ids; empty, or "all" alone, means every client found
	// on this machine.
	Clients []string
	// Force replaces a folder that skilld did not install.
	Force bool
	// Group is the group the skill joins; empty for "default".
	Group string
}

// BuildOptions say what to package.
type BuildOptions struct {
	// Path is the skill's folder, absolute.
	Path string
	// Tag is a bare OCI tag or a full reference; empty for the skill's name.
	Tag string
}

// BuildResult is what a build made.
type BuildResult struct {
	// Reference is the tag of the artifact in the local store.
	Reference string
	// Digest is the artifact's digest.
	Digest string
}

// PushOptions say what to push.
type PushOptions struct {
	// Reference is a tag of the local store that is a full reference.
	Reference string
	// Key and IdentityToken ask for a signature, which is Unsupported.
	Key, IdentityToken string
}

// ValidationResult is what a check of a skill folder found.
type ValidationResult struct {
	// Valid is true when there are no errors.
	Valid bool
	// Errors and Warnings are sentences; neither is ever nil.
	Errors, Warnings []string
}
