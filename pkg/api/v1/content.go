// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"net/http"

	"github.com/skilld/skilld/pkg/skills"
)

// file is one file of a skill.
//
//	@Description	One file of a skill.
type file struct {
	// The path relative to the skill's folder, with '/' separators.
	Path string `json:"path" validate:"required" example:"SKILL.md"`
	// The size in bytes.
	Size int64 `json:"size" validate:"required" minimum:"0" format:"int64" example:"1234"`
} // @name SkillFile

// contentResponse is what a preview shows of a skill.
//
//	@Description	What a preview shows of a skill.
type contentResponse struct {
	// The skill's name.
	Name string `json:"name" validate:"required" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"64" example:"pdf-tools"`
	// What the skill is for.
	Description string `json:"description" validate:"required" example:"Reads and fills PDF forms"`
	// The version that the skill declares; empty if it declares none.
	Version string `json:"version" validate:"required" example:"1.0.0"`
	// The licence that the skill declares; empty if it declares none.
	License string `json:"license" validate:"required" example:"Apache-2.0"`
	// The whole SKILL.md as it stands in the artifact.
	Body string `json:"body" validate:"required" example:"---\nname: pdf-tools\ndescription: Reads and fills PDF forms\n---\n\n# PDF tools\n"`
	// All files, sorted by path.
	Files []file `json:"files" validate:"required"`
} // @name SkillContent

// getSkillContent answers with a skill's text and file list.
//
//	@Summary		Preview a skill
//	@Description	Returns the SKILL.md and the file list of a local build, an artifact of an OCI registry or a folder of a git repository, without installing anything. What had to be pulled is kept as a cache.
//	@ID				getSkillContent
//	@Tags			skills
//	@Param			ref				query		string				true	"A local tag, an OCI reference, a git:// reference or a catalogue name"	example(ghcr.io/org/pdf-tools:v1)
//	@Param			If-None-Match	header		string				false	"Entity tags that the client has already"
//	@Success		200				{object}	contentResponse		"The content"
//	@Success		200				{object}	progressEvent		"The content"
//	@Success		304				"The client has this content already"
//	@Failure		400				{object}	apierrors.Problem	"The reference is missing or malformed"
//	@Failure		401				{object}	apierrors.Problem	"The registry or git server refused the credentials"
//	@Failure		403				{object}	apierrors.Problem	"A cross-site request, or a foreign Host"
//	@Failure		404				{object}	apierrors.Problem	"Nothing has this reference"
//	@Failure		409				{object}	apierrors.Problem	"The name has several meanings; the message lists them"
//	@Failure		422				{object}	apierrors.Problem	"What the reference names is not an acceptable skill"
//	@Failure		429				{object}	apierrors.Problem	"The registry limits the rate"
//	@Failure		500				{object}	apierrors.Problem	"A fault of the daemon"
//	@Failure		502				{object}	apierrors.Problem	"The registry, git server or catalogue failed"
//	@Failure		503				{object}	apierrors.Problem	"The store's disk is full, may not be written, or fails"
//	@Failure		504				{object}	apierrors.Problem	"The time limit ran out"
//	@Header			200,304			{string}	ETag				"Identifies exactly this content"
//	@Header			200,304			{string}	Warning				"110 - Response is Stale: a cached copy answered because the registry could not be asked"
//	@Header			429				{integer}	Retry-After			"Seconds to wait, where the registry said so"
//	@Router			/api/v1beta/skills/content [get]
func (h *handlers) getSkillContent(w http.ResponseWriter, r *http.Request) error {
	params, err := query(r)
	if err != nil {
		return err
	}
	ref := params.Get("ref")
	if ref == "" {
		return skills.Errorf(skills.Invalid, "query parameter \"ref\" is missing: give a tag or reference, such as ref=ghcr.io/org/name:v1")
	}
	content, err := h.service.Content(r.Context(), ref)
	if err != nil {
		return err
	}
	tag := entityTag(content.ETag)
	w.Header().Set("ETag", tag)
	w.Header().Add("Vary", "Accept")
	// The client may keep it, but must ask each time whether it is still so.
	w.Header().Set("Cache-Control", "no-cache")
	if content.Stale {
		w.Header().Set("Warning", `110 - "Response is Stale"`)
	}
	if notModified(r.Header, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return encode(w, http.StatusOK, newContent(content))
}

func newContent(content *skills.Content) contentResponse {
	files := make([]file, len(content.Files))
	for i, f := range content.Files {
		files[i] = file{Path: f.Path, Size: f.Size}
	}
	return contentResponse{
		Name: content.Name, Description: content.Description, Version: content.Version,
		License: content.License, Body: content.Body, Files: files,
	}
}
