// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/skilld/skilld/pkg/skills"
)

// validateRequest says which folder to check.
//
//	@Description	Which folder to check.
type validateRequest struct {
	// The skill's folder, absolute.
	Path string `json:"path" validate:"required" minLength:"1" example:"/home/me/skills/pdf-tools"`
} // @name ValidateRequest

// validateResponse is what a check found.
//
//	@Description	What a check found.
type validateResponse struct {
	// Whether the skill is as the Agent Skills specification wants it: there are no errors.
	Valid bool `json:"valid" validate:"required" example:"false"`
	// What keeps the folder from being a valid skill.
	Errors []string `json:"errors" validate:"required" example:"the folder has no SKILL.md"`
	// What is allowed, but probably not meant.
	Warnings []string `json:"warnings" validate:"required" example:"SKILL.md has 612 lines; up to 500 are advised"`
} // @name ValidationResult

// buildRequest says what to package.
//
//	@Description	What to package, and under which tag.
type buildRequest struct {
	// The skill's folder, absolute.
	Path string `json:"path" validate:"required" minLength:"1" example:"/home/me/skills/pdf-tools"`
	// A bare tag or a full reference; the skill's name where it is left out.
	Tag string `json:"tag,omitempty" example:"ghcr.io/org/pdf-tools:v1"`
} // @name BuildRequest

// buildResponse is what a build made.
//
//	@Description	What a build made.
type buildResponse struct {
	// The artifact's tag in the local store.
	Reference string `json:"reference" validate:"required" example:"ghcr.io/org/pdf-tools:v1"`
	// The artifact's digest; an unchanged folder has the same one again.
	Digest string `json:"digest" validate:"required" pattern:"^sha256:[0-9a-f]{64}$" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
} // @name BuildResult

// build is one local build under one tag.
//
//	@Description	One local build under one tag.
type build struct {
	// The tag in the local store.
	Tag string `json:"tag" validate:"required" example:"ghcr.io/org/pdf-tools:v1"`
	// The artifact's digest.
	Digest string `json:"digest" validate:"required" pattern:"^sha256:[0-9a-f]{64}$" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	// The skill's name.
	Name string `json:"name" validate:"required" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" example:"pdf-tools"`
	// What the skill is for.
	Description string `json:"description" validate:"required" example:"Reads and fills PDF forms"`
	// The version that the skill declares; empty if it declares none.
	Version string `json:"version" validate:"required" example:"1.0.0"`
} // @name Build

// buildsResponse is the list of local builds.
//
//	@Description	The local builds.
type buildsResponse struct {
	// The local builds, sorted by tag.
	Builds []build `json:"builds" validate:"required"`
} // @name BuildList

// validateSkill checks a folder without changing anything.
//
//	@Summary		Check a skill folder
//	@Description	Says whether a folder is a valid skill, and what is wrong with it if not. A folder that does not exist or has no SKILL.md is not valid; that is an answer, not a failure.
//	@ID				validateSkill
//	@Tags			builds
//	@Param			request	body		validateRequest		true	"Which folder to check"
//	@Success		200		{object}	validateResponse	"What the check found"
//	@Failure		400		{object}	apierrors.Problem	"The body is malformed, or the path is not absolute or has .. segments"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host, or a folder that requests may not name"
//	@Failure		413		{object}	apierrors.Problem	"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem	"The body is not application/json"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills/validate [post]
func (h *handlers) validateSkill(w http.ResponseWriter, r *http.Request) error {
	var request validateRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	if request.Path == "" {
		return errNoPath()
	}
	result, err := h.service.Validate(r.Context(), request.Path)
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, validateResponse{
		Valid: result.Valid, Errors: some(result.Errors), Warnings: some(result.Warnings),
	})
}

// buildSkill packages a folder.
//
//	@Summary		Build a skill
//	@Description	Packages a folder as a reproducible OCI artifact and tags it in the local store.
//	@ID				buildSkill
//	@Tags			builds
//	@Param			request	body		buildRequest		true	"What to build"
//	@Success		200		{object}	buildResponse		"What the build made"
//	@Failure		400		{object}	apierrors.Problem	"The body, the path, the tag or the folder's SKILL.md is malformed"
//	@Failure		403		{object}	apierrors.Problem	"A cross-site request, or a foreign Host, or a folder that requests may not name"
//	@Failure		413		{object}	apierrors.Problem	"The body is over 1 MiB"
//	@Failure		415		{object}	apierrors.Problem	"The body is not application/json"
//	@Failure		422		{object}	apierrors.Problem	"The folder is over a limit, or its skill has another name"
//	@Failure		500		{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		503		{object}	apierrors.Problem	"The store's disk is full, may not be written, or fails"
//	@Failure		504		{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills/build [post]
func (h *handlers) buildSkill(w http.ResponseWriter, r *http.Request) error {
	var request buildRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	if request.Path == "" {
		return errNoPath()
	}
	result, err := h.service.Build(r.Context(), skills.BuildOptions{Path: request.Path, Tag: request.Tag})
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, buildResponse{Reference: result.Reference, Digest: result.Digest})
}

func errNoPath() error {
	return skills.Errorf(skills.Invalid, "field \"path\" is missing: give the absolute path of the skill's folder")
}

// listBuilds answers with what was built here.
//
//	@Summary		List local builds
//	@Description	Lists the artifacts that were built here, sorted by tag. What a pull brought is a cache and never shows. The ETag changes with the list, so that a client can ask cheaply whether it did.
//	@ID				listBuilds
//	@Tags			builds
//	@Param			If-None-Match	header		string				false	"Entity tags that the client has already"
//	@Success		200				{object}	buildsResponse		"The local builds"
//	@Success		304				"The client has this list already"
//	@Failure		403				{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Failure		500				{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		503				{object}	apierrors.Problem	"The store cannot be read at the moment"
//	@Failure		504				{object}	apierrors.Problem	"The time limit ran out"
//	@Header			200,304			{string}	ETag				"Identifies exactly this list"
//	@Router			/api/v1beta/skills/builds [get]
func (h *handlers) listBuilds(w http.ResponseWriter, r *http.Request) error {
	found, err := h.service.ListBuilds(r.Context())
	if err != nil {
		return err
	}
	answer, err := h.builds.encode(found)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("ETag", answer.tag)
	// The client may keep it, but must ask each time whether it is still so.
	header.Set("Cache-Control", "no-cache")
	if notModified(r.Header, answer.tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", jsonType)
	header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	// A failure to write means that nobody is listening any more.
	_, _ = w.Write(answer.body)
	return nil
}

// encodedBuilds keeps the last list of builds as it was encoded: a list of ten
// thousand takes longer to encode than to send.
type encodedBuilds struct{ last atomic.Pointer[buildsAnswer] }

// buildsAnswer is the answer for one list.
type buildsAnswer struct {
	list []skills.Build
	body []byte
	tag  string
}

// encode returns the answer for the list; see [skills.Service] for what it
// means that two lists are one slice.
func (e *encodedBuilds) encode(list []skills.Build) (*buildsAnswer, error) {
	if last := e.last.Load(); last != nil && sameSlice(last.list, list) {
		return last, nil
	}
	builds := make([]build, len(list))
	for i, b := range list {
		builds[i] = build{Tag: b.Tag, Digest: b.Digest, Name: b.Name, Description: b.Description, Version: b.Version}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(buildsResponse{Builds: builds}); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body.Bytes())
	answer := &buildsAnswer{list: list, body: bytes.Clone(body.Bytes()), tag: entityTag(hex.EncodeToString(sum[:]))}
	e.last.Store(answer)
	return answer, nil
}

// sameSlice reports whether both are the same part of the same array.
func sameSlice(a, b []skills.Build) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// deleteBuild removes a local build.
//
//	@Summary		Delete a local build
//	@Description	Removes the tag and every blob that no other tag reaches.
//	@ID				deleteBuild
//	@Tags			builds
//	@Param			tag	path	string	true	"The tag; a full reference is percent-encoded"	example(ghcr.io/org/pdf-tools:v1)
//	@Success		204	"The build is gone"
//	@Failure		400	{object}	apierrors.Problem	"The tag is empty or malformed"
//	@Failure		403	{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		404	{object}	apierrors.Problem	"No local build has this tag"
//	@Failure		500	{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		503	{object}	apierrors.Problem	"The store's disk is full, may not be written, or fails"
//	@Failure		504	{object}	apierrors.Problem	"The time limit ran out"
//	@Router			/api/v1beta/skills/builds/{tag} [delete]
func (h *handlers) deleteBuild(w http.ResponseWriter, r *http.Request) error {
	tag, err := pathValue(r, "*")
	if err != nil {
		return err
	}
	if tag == "" {
		return skills.Errorf(skills.Invalid, "the path names no tag: it must be %s/builds/{tag}", skillsPath)
	}
	if err := h.service.DeleteBuild(r.Context(), tag); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
