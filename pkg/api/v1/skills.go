// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"net/http"
	"net/url"

	"github.com/skilld/skilld/pkg/skills"
)

// skillsResponse is the list of installed skills.
//
//	@Description	The installed skills.
type skillsResponse struct {
	// The installed skills, sorted by name.
	Skills []installedSkill `json:"skills" validate:"required"`
} // @name SkillList

// installRequest says what to install where.
//
//	@Description	What to install where.
type installRequest struct {
	// A skill's name, an OCI reference or a git:// reference.
	Name string `json:"name" validate:"required" minLength:"1" example:"pdf-tools"`
	// The version or tag, where there are several.
	Version string `json:"version,omitempty" example:"1.0.0"`
	// For whom to install; where it is left out, project if there is a project_root, else user.
	Scope string `json:"scope,omitempty" enums:"user,project" example:"user"`
	// The absolute path of the project's folder; needed for scope project.
	ProjectRoot string `json:"project_root,omitempty" example:"/home/me/project"`
	// The ids of the AI clients to install for; every client found on this machine where it is left out.
	Clients []string `json:"clients,omitempty" example:"claude-code"`
	// Whether to replace a folder that was not installed by the daemon.
	Force bool `json:"force,omitempty" example:"false"`
	// The group that the skill joins; default where it is left out.
	Group string `json:"group,omitempty" maxLength:"64" example:"default"`
} // @name InstallRequest

// installResponse is what an installation made.
//
//	@Description	What an installation made.
type installResponse struct {
	Skill installedSkill `json:"skill" validate:"required"`
} // @name InstallResult

// skillResponse is what is known of one installed skill.
//
//	@Description	What is known of one installed skill.
type skillResponse struct {
	Metadata       metadata       `json:"metadata" validate:"required"`
	InstalledSkill installedSkill `json:"installed_skill" validate:"required"`
} // @name SkillDetails

// listSkills answers with the installed skills.
//
//	@Summary		List installed skills
//	@Description	Lists the skills that the daemon installed. Each parameter narrows the list.
//	@ID				listSkills
//	@Tags			skills
//	@Param			scope			query		string				false	"Only skills of this scope"	Enums(user, project)	example(user)
//	@Param			client			query		string				false	"Only skills that this AI client has"	example(claude-code)
//	@Param			project_root	query		string				false	"Only skills of this project: its absolute path"	example(/home/me/project)
//	@Param			group			query		string				false	"Only skills of this group"	example(default)
//	@Success		200				{object}	skillsResponse		"The installed skills"
//	@Failure		400				{object}	apierrors.Problem	"A parameter is malformed"
//	@Failure		403				{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		500				{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504				{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills [get]
func (h *handlers) listSkills(w http.ResponseWriter, r *http.Request) error {
	params, err := query(r)
	if err != nil {
		return err
	}
	found, err := h.service.List(r.Context(), skills.ListOptions{
		Scope:       skills.Scope(params.Get("scope")),
		Client:      params.Get("client"),
		ProjectRoot: params.Get("project_root"),
		Group:       params.Get("group"),
	})
	if err != nil {
		return err
	}
	list := make([]installedSkill, len(found))
	for i, s := range found {
		list[i] = newInstalled(s)
	}
	return encode(w, http.StatusOK, skillsResponse{Skills: list})
}

// installSkill installs a skill for AI clients.
//
//	@Summary		Install a skill
//	@Description	Finds the skill that the name or reference means and puts its files into the folders of the AI clients: all of them, or none. Installing the same again changes nothing.
//	@ID				installSkill
//	@Tags			skills
//	@Param			request	body		installRequest		true	"What to install where"
//	@Success		200		{object}	progressEvent		"The events, where the client asked for text/event-stream"
//	@Success		201		{object}	installResponse		"The skill is installed"
//	@Failure		400		{object}	apierrors.Problem	"The body or one of its fields is malformed"
//	@Failure		401		{object}	apierrors.Problem	"The registry or git server refused the credentials"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host, or a project that requests may not name"
//	@Failure		404		{object}	apierrors.Problem	"Nothing has this name or reference, or there is no such group"
//	@Failure		409		{object}	apierrors.Problem	"The name has several meanings, or the target folder was not installed by the daemon"
//	@Failure		413		{object}	apierrors.Problem	"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem	"The body is not application/json"
//	@Failure		422		{object}	apierrors.Problem	"What the name leads to is not an acceptable skill"
//	@Failure		429		{object}	apierrors.Problem	"The registry limits the rate"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		502		{object}	apierrors.Problem	"The registry, git server or catalogue failed"
//	@Failure		503		{object}	apierrors.Problem	"The store's disk is full, may not be written, or fails"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Header			201		{string}	Location			"The path of the installed skill"
//	@Header			429		{integer}	Retry-After			"Seconds to wait, where the registry said so"
//	@Router			/api/v1beta/skills [post]
func (h *handlers) installSkill(w http.ResponseWriter, r *http.Request) error {
	var request installRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	if request.Name == "" {
		return skills.Errorf(skills.Invalid, "field \"name\" is missing: give a skill's name, an OCI reference or a git:// reference")
	}
	installed, err := h.service.Install(r.Context(), skills.InstallOptions{
		Name:        request.Name,
		Version:     request.Version,
		Scope:       skills.Scope(request.Scope),
		ProjectRoot: request.ProjectRoot,
		Clients:     request.Clients,
		Force:       request.Force,
		Group:       request.Group,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", skillsPath+"/"+url.PathEscape(installed.Metadata.Name))
	return encode(w, http.StatusCreated, installResponse{Skill: newInstalled(installed)})
}

// getSkill answers with one installed skill.
//
//	@Summary		Get an installed skill
//	@Description	Returns the record of one installation.
//	@ID				getSkill
//	@Tags			skills
//	@Param			name			path		string				true	"The skill's name"	minlength(2)	maxlength(64)	example(pdf-tools)
//	@Param			scope			query		string				false	"The scope of the installation; where it is left out, project if there is a project_root, else user"	Enums(user, project)	example(user)
//	@Param			project_root	query		string				false	"The project's absolute path, for scope project"	example(/home/me/project)
//	@Success		200				{object}	skillResponse		"The installed skill"
//	@Failure		400				{object}	apierrors.Problem	"The name or a parameter is malformed"
//	@Failure		403				{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		404				{object}	apierrors.Problem	"The skill is not installed"
//	@Failure		500				{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504				{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills/{name} [get]
func (h *handlers) getSkill(w http.ResponseWriter, r *http.Request) error {
	key, err := installationKey(r)
	if err != nil {
		return err
	}
	info, err := h.service.Info(r.Context(), key)
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, skillResponse{
		Metadata: newMetadata(info.Metadata), InstalledSkill: newInstalled(info.Installed),
	})
}

// uninstallSkill removes an installed skill.
//
//	@Summary		Uninstall a skill
//	@Description	Removes the skill's files, its record and its group membership. A folder that is gone already is no error.
//	@ID				uninstallSkill
//	@Tags			skills
//	@Param			name			path	string	true	"The skill's name"	minlength(2)	maxlength(64)	example(pdf-tools)
//	@Param			scope			query	string	false	"The scope of the installation; where it is left out, project if there is a project_root, else user"	Enums(user, project)	example(user)
//	@Param			project_root	query	string	false	"The project's absolute path, for scope project"	example(/home/me/project)
//	@Success		204				"The skill is gone"
//	@Failure		400				{object}	apierrors.Problem	"The name or a parameter is malformed"
//	@Failure		403				{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		404				{object}	apierrors.Problem	"The skill is not installed"
//	@Failure		409				{object}	apierrors.Problem	"A folder cannot be changed, for lack of permission say"
//	@Failure		500				{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504				{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills/{name} [delete]
func (h *handlers) uninstallSkill(w http.ResponseWriter, r *http.Request) error {
	key, err := installationKey(r)
	if err != nil {
		return err
	}
	if err := h.service.Uninstall(r.Context(), key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// installationKey is which installation the path and the query name.
func installationKey(r *http.Request) (skills.Key, error) {
	name, err := pathValue(r, "name")
	if err != nil {
		return skills.Key{}, err
	}
	params, err := query(r)
	if err != nil {
		return skills.Key{}, err
	}
	return skills.Key{Name: name, Scope: skills.Scope(params.Get("scope")), ProjectRoot: params.Get("project_root")}, nil
}
