// SPDX-License-Identifier: Apache-2.0

package v1

import "net/http"

// versionResponse says which release answers.
//
//	@Description	Which release answers.
type versionResponse struct {
	// The release of the daemon.
	Version string `json:"version" validate:"required" example:"v0.1.0"`
} // @name Version

// getVersion answers with the daemon's release.
//
//	@Summary		Get the daemon's version
//	@Description	The release that answers, as it was set when the binary was built.
//	@ID				getVersion
//	@Tags			system
//	@Success		200	{object}	versionResponse		"The version"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Router			/api/v1beta/version [get]
func (h *handlers) getVersion(w http.ResponseWriter, _ *http.Request) error {
	return encode(w, http.StatusOK, versionResponse{Version: h.version})
}
