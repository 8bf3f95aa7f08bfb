// SPDX-License-Identifier: Apache-2.0

package v1

import "net/http"

// health answers as long as the process can.
//
//	@Summary		Say that the daemon answers
//	@Description	For health checks: no body, no Content-Type.
//	@ID				getHealth
//	@Tags			system
//	@Success		204	"The daemon answers"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Router			/health [get]
func (*handlers) health(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
