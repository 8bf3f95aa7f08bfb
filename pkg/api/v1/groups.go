// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"net/http"
	"net/url"

	"github.com/skilld/skilld/pkg/skills"
)

// group is a named set of installed skills.
//
//	@Description	A named set of installed skills.
type group struct {
	// The group's name.
	Name string `json:"name" validate:"required" example:"default"`
	// Always empty: clients do not register with groups here.
	RegisteredClients []string `json:"registered_clients" validate:"required" example:""`
	// The names of the skills in the group, sorted.
	Skills []string `json:"skills" validate:"required" example:"pdf-tools"`
} // @name Group

// groupsResponse is the list of groups.
//
//	@Description	The groups.
type groupsResponse struct {
	// The groups, sorted by name.
	Groups []group `json:"groups" validate:"required"`
} // @name GroupList

// createGroupRequest says which group to make.
//
//	@Description	Which group to make.
type createGroupRequest struct {
	// The group's name: lowercase letters, digits, '_', '-' and single inner spaces.
	Name string `json:"name" validate:"required" pattern:"^[a-z0-9_-]+( [a-z0-9_-]+)*$" minLength:"1" maxLength:"64" example:"my team"`
} // @name CreateGroupRequest

// createGroupResponse says which group was made.
//
//	@Description	The group that was made.
type createGroupResponse struct {
	// The group's name.
	Name string `json:"name" validate:"required" example:"my team"`
} // @name CreatedGroup

func newGroup(g skills.Group) group {
	return group{Name: g.Name, RegisteredClients: []string{}, Skills: some(g.Skills)}
}

// listGroups answers with all groups.
//
//	@Summary		List groups
//	@Description	Lists the groups with the names of their skills. The group "default" is always among them.
//	@ID				listGroups
//	@Tags			groups
//	@Success		200	{object}	groupsResponse		"The groups"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		500	{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504	{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/groups [get]
func (h *handlers) listGroups(w http.ResponseWriter, r *http.Request) error {
	found, err := h.service.ListGroups(r.Context())
	if err != nil {
		return err
	}
	list := make([]group, len(found))
	for i, g := range found {
		list[i] = newGroup(g)
	}
	return encode(w, http.StatusOK, groupsResponse{Groups: list})
}

// createGroup makes a group.
//
//	@Summary		Create a group
//	@Description	Makes an empty group, which installs can name.
//	@ID				createGroup
//	@Tags			groups
//	@Param			request	body		createGroupRequest	true	"Which group to make"
//	@Success		201		{object}	createGroupResponse	"The group exists"
//	@Failure		400		{object}	apierrors.Problem	"The body or the name is malformed"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		409		{object}	apierrors.Problem	"The group exists already"
//	@Failure		413		{object}	apierrors.Problem	"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem	"The body is not application/json"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Header			201		{string}	Location			"The path of the group"
//	@Router			/api/v1beta/groups [post]
func (h *handlers) createGroup(w http.ResponseWriter, r *http.Request) error {
	var request createGroupRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	if request.Name == "" {
		return skills.Errorf(skills.Invalid, "field \"name\" is missing: give the name of the group to make")
	}
	if err := h.service.CreateGroup(r.Context(), request.Name); err != nil {
		return err
	}
	w.Header().Set("Location", groupsPath+"/"+url.PathEscape(request.Name))
	return encode(w, http.StatusCreated, createGroupResponse(request))
}

// getGroup answers with one group.
//
//	@Summary		Get a group
//	@Description	Returns one group with the names of its skills.
//	@ID				getGroup
//	@Tags			groups
//	@Param			name	path		string				true	"The group's name, percent-encoded"	minlength(1)	maxlength(64)	example(my team)
//	@Success		200		{object}	group				"The group"
//	@Failure		400		{object}	apierrors.Problem	"The name is malformed"
//	@Failure		403		{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		404		{object}	apierrors.Problem	"There is no such group"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/groups/{name} [get]
func (h *handlers) getGroup(w http.ResponseWriter, r *http.Request) error {
	name, err := pathValue(r, "name")
	if err != nil {
		return err
	}
	found, err := h.service.Group(r.Context(), name)
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, newGroup(found))
}

// deleteGroup removes a group.
//
//	@Summary		Delete a group
//	@Description	Removes the group. Its skills stay installed and join the group "default", which itself cannot be deleted.
//	@ID				deleteGroup
//	@Tags			groups
//	@Param			name	path	string	true	"The group's name, percent-encoded"	minlength(1)	maxlength(64)	example(my team)
//	@Success		204		"The group is gone"
//	@Failure		400		{object}	apierrors.Problem	"The name is malformed, or that of the group default"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		404		{object}	apierrors.Problem	"There is no such group"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/groups/{name} [delete]
func (h *handlers) deleteGroup(w http.ResponseWriter, r *http.Request) error {
	name, err := pathValue(r, "name")
	if err != nil {
		return err
	}
	if err := h.service.DeleteGroup(r.Context(), name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
