// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"net/http"

	"github.com/skilld/skilld/pkg/skills"
)

// registryName is what the one catalogue is called, where the API that this one
// replaces may have several.
const registryName = "default"

// registry is a catalogue of published skills.
//
//	@Description	A catalogue of published skills.
type registry struct {
	// What the catalogue is called; there is one.
	Name string `json:"name" validate:"required" example:"default"`
	// The version that the catalogue says it has; may be empty.
	Version string `json:"version" validate:"required" example:"1.0.0"`
	// When the catalogue says it was changed last; may be empty.
	LastUpdated string `json:"last_updated" validate:"required" example:"2026-05-01T00:00:00Z"`
	// Always 0: only the catalogue's skills matter here.
	ServerCount int `json:"server_count" validate:"required" minimum:"0" maximum:"0" format:"int32" example:"0"`
	// What sort of source the catalogue has.
	Type string `json:"type" validate:"required" enums:"default,file,url,api" example:"file"`
	// The path or address of the source; empty where there is none.
	Source string `json:"source" validate:"required" example:"/home/me/catalogue.json"`
} // @name Registry

// registriesResponse is the list of catalogues.
//
//	@Description	The catalogues.
type registriesResponse struct {
	// The catalogues; there is one.
	Registries []registry `json:"registries" validate:"required"`
} // @name RegistryList

// updateRegistryRequest names the catalogue's source; an empty one resets it.
//
//	@Description	The catalogue's source, as one of local_path, url and api_url; none of them for the source that the daemon was started with.
type updateRegistryRequest struct {
	// The absolute path of a catalogue file.
	LocalPath string `json:"local_path,omitempty" example:"/home/me/catalogue.json"`
	// The address of a catalogue file.
	URL string `json:"url,omitempty" format:"uri" example:"https://example.com/catalogue.json"`
	// The base address of a registry API.
	APIURL string `json:"api_url,omitempty" format:"uri" example:"https://registry.example.com"`
	// Whether the address may be a loopback or private one, and plain http.
	AllowPrivateIP bool `json:"allow_private_ip,omitempty" example:"false"`
} // @name UpdateRegistryRequest

// updateRegistryResponse says what sort of source was chosen.
//
//	@Description	What sort of source was chosen.
type updateRegistryResponse struct {
	// What sort of source the catalogue has now.
	Type string `json:"type" validate:"required" enums:"default,file,url,api" example:"file"`
} // @name ChosenSource

// listRegistries answers with the one catalogue.
//
//	@Summary		List catalogues
//	@Description	Lists the catalogues of published skills. There is one, called "default".
//	@ID				listRegistries
//	@Tags			registry
//	@Success		200	{object}	registriesResponse	"The catalogues"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Router			/api/v1beta/registry [get]
func (h *handlers) listRegistries(w http.ResponseWriter, r *http.Request) error {
	return encode(w, http.StatusOK, registriesResponse{Registries: []registry{h.registry(r)}})
}

// getRegistry answers with what the catalogue is.
//
//	@Summary		Get a catalogue
//	@Description	Says what the catalogue is, whether or not its source can be read now.
//	@ID				getRegistry
//	@Tags			registry
//	@Param			name	path		string				true	"The catalogue's name"	example(default)
//	@Success		200		{object}	registry			"The catalogue"
//	@Failure		403		{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		404		{object}	apierrors.Problem	"There is no such catalogue"
//	@Router			/api/v1beta/registry/{name} [get]
func (h *handlers) getRegistry(w http.ResponseWriter, r *http.Request) error {
	if err := checkRegistryName(r, "name"); err != nil {
		return err
	}
	return encode(w, http.StatusOK, h.registry(r))
}

// updateRegistry chooses the catalogue's source.
//
//	@Summary		Choose the catalogue's source
//	@Description	Reads a source and makes it the catalogue, also after a restart. Without a source, the one that the daemon was started with is used again. On an error everything stays as it was.
//	@ID				updateRegistry
//	@Tags			registry
//	@Param			name	path		string					true	"The catalogue's name"	example(default)
//	@Param			request	body		updateRegistryRequest	true	"Where the catalogue is, as one of local_path, url and api_url"
//	@Success		200		{object}	updateRegistryResponse	"The source is in use"
//	@Failure		400		{object}	apierrors.Problem		"The body is malformed or names two sources, the file does not exist, or the address is malformed or not permitted"
//	@Failure		403		{object}	apierrors.Problem		"A cross-site request, a foreign Host, or a file outside the folders that requests may name"
//	@Failure		404		{object}	apierrors.Problem		"There is no such catalogue"
//	@Failure		413		{object}	apierrors.Problem		"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem		"The body is not application/json"
//	@Failure		500		{object}	apierrors.Problem		"A fault of the daemon"
//	@Failure		502		{object}	apierrors.Problem		"The source holds no catalogue"
//	@Failure		504		{object}	apierrors.Problem		"The source cannot be reached"
//	@Router			/api/v1beta/registry/{name} [put]
func (h *handlers) updateRegistry(w http.ResponseWriter, r *http.Request) error {
	if err := checkRegistryName(r, "name"); err != nil {
		return err
	}
	var request updateRegistryRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	chosen, err := h.service.ChooseCatalog(r.Context(), skills.CatalogChoice(request))
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, updateRegistryResponse{Type: string(chosen)})
}

// registry says what the catalogue is.
func (h *handlers) registry(r *http.Request) registry {
	info := h.service.CatalogInfo(r.Context())
	return registry{
		Name: registryName, Version: info.Version, LastUpdated: info.LastUpdated,
		Type: string(info.Type), Source: info.Source,
	}
}

// checkRegistryName refuses every catalogue but the one there is. parameter is
// what the route calls the name.
func checkRegistryName(r *http.Request, parameter string) error {
	name, err := pathValue(r, parameter)
	if err != nil {
		return err
	}
	if name != registryName {
		return skills.Errorf(skills.NotFound, "there is no registry %.80q; the only one is %q", name, registryName)
	}
	return nil
}
