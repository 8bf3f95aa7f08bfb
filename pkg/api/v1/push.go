// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"net/http"

	"github.com/skilld/skilld/pkg/skills"
)

// pushRequest says what to push.
//
//	@Description	What to push.
type pushRequest struct {
	// A tag of the local store that is a full reference.
	Reference string `json:"reference" validate:"required" minLength:"1" example:"ghcr.io/org/pdf-tools:v1"`
	// Accepted for clients that send it: nothing is ever signed.
	NoSign bool `json:"no_sign,omitempty" example:"true"`
	// The key to sign with: not supported, 501 where it is given.
	Key string `json:"key,omitempty" example:"cosign.key"`
	// The identity token to sign with: not supported, 501 where it is given.
	IdentityToken string `json:"identity_token,omitempty" example:"eyJhbGciOiJSUzI1NiJ9"`
} // @name PushRequest

// pushSkill sends a local artifact to a registry.
//
//	@Summary		Push a skill to a registry
//	@Description	Sends the artifact that the local store has under the reference to the registry that the reference names. Blobs that the registry has already are not sent again.
//	@ID				pushSkill
//	@Tags			builds
//	@Param			request	body	pushRequest	true	"What to push"
//	@Success		200		{object}	progressEvent		"The events, where the client asked for text/event-stream"
//	@Success		204		"The registry has the artifact"
//	@Failure		400		{object}	apierrors.Problem	"The body or the reference is malformed"
//	@Failure		401		{object}	apierrors.Problem	"The registry refused the credentials"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		404		{object}	apierrors.Problem	"The local store has no such tag"
//	@Failure		413		{object}	apierrors.Problem	"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem	"The body is not application/json"
//	@Failure		422		{object}	apierrors.Problem	"The artifact is not an acceptable skill"
//	@Failure		429		{object}	apierrors.Problem	"The registry limits the rate"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		501		{object}	apierrors.Problem	"Signing was asked for, which is not supported"
//	@Failure		502		{object}	apierrors.Problem	"The registry failed"
//	@Failure		503		{object}	apierrors.Problem	"The store's disk is full, may not be written, or fails"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Header			429		{integer}	Retry-After			"Seconds to wait, where the registry said so"
//	@Router			/api/v1beta/skills/push [post]
func (h *handlers) pushSkill(w http.ResponseWriter, r *http.Request) error {
	var request pushRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	if request.Reference == "" {
		return skills.Errorf(skills.Invalid, "field \"reference\" is missing: give a full reference that was built here, such as ghcr.io/org/name:v1")
	}
	opts := skills.PushOptions{Reference: request.Reference, Key: request.Key, IdentityToken: request.IdentityToken}
	if err := h.service.Push(r.Context(), opts); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
