// SPDX-License-Identifier: Apache-2.0

package v1

import "net/http"

// discoveredClient is one AI client and what is known of it.
//
//	@Description	One AI client and what is known of it.
type discoveredClient struct {
	// The client's id, as installs name it.
	ClientType string `json:"client_type" validate:"required" example:"claude-code"`
	// Whether the client was found on this machine.
	Installed bool `json:"installed" validate:"required" example:"true"`
	// Always false: clients do not register here.
	Registered bool `json:"registered" validate:"required" example:"false"`
	// Always true: no other clients are listed.
	SupportsSkills bool `json:"supports_skills" validate:"required" example:"true"`
} // @name DiscoveredClient

// clientsResponse is the list of AI clients.
//
//	@Description	The AI clients.
type clientsResponse struct {
	// Every known AI client, sorted by id.
	Clients []discoveredClient `json:"clients" validate:"required"`
} // @name ClientList

// discoverClients answers with the AI clients that skills can be installed for.
//
//	@Summary		Discover AI clients
//	@Description	Lists every AI client that skills can be installed for, and whether it was found on this machine.
//	@ID				discoverClients
//	@Tags			clients
//	@Success		200	{object}	clientsResponse		"The AI clients"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		500	{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504	{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/discovery/clients [get]
func (h *handlers) discoverClients(w http.ResponseWriter, r *http.Request) error {
	found, err := h.service.DiscoverClients(r.Context())
	if err != nil {
		return err
	}
	list := make([]discoveredClient, len(found))
	for i, c := range found {
		list[i] = discoveredClient{ClientType: c.ID, Installed: c.Installed, SupportsSkills: true}
	}
	return encode(w, http.StatusOK, clientsResponse{Clients: list})
}
