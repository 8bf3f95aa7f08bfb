// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// catalogResponse is a page of the catalogue.
//
//	@Description	A page of the catalogue.
type catalogResponse struct {
	// The published skills of this page.
	Skills []skills.CatalogEntry `json:"skills" validate:"required"`
	// Which page it is.
	Metadata pageMetadata `json:"metadata" validate:"required"`
} // @name CatalogPage

// pageMetadata says which part of a list an answer holds.
//
//	@Description	Which part of a list an answer holds.
type pageMetadata struct {
	// How many skills all pages have together.
	Total int `json:"total" validate:"required" minimum:"0" format:"int32" example:"120"`
	// Which page this is, from 1.
	Page int `json:"page" validate:"required" minimum:"1" format:"int64" example:"1"`
	// How many skills a page has at most.
	Limit int `json:"limit" validate:"required" minimum:"1" maximum:"200" format:"int32" example:"50"`
} // @name PageMetadata

// browseCatalogSkills answers with a page of the catalogue.
//
//	@Summary		Browse published skills
//	@Description	Lists the catalogue's skills page by page.
//	@ID				browseCatalogSkills
//	@Tags			registry
//	@Param			registry	path		string					true	"The catalogue's name"	example(default)
//	@Param			q			query		string					false	"Only skills with this in their name, namespace or description, case ignored"	example(pdf)
//	@Param			page		query		integer					false	"Which page, from 1"	minimum(1)	default(1)	example(1)
//	@Param			limit		query		integer					false	"How many skills a page has; 200 at most, whatever is asked for"	minimum(1)	default(50)	example(50)
//	@Success		200			{object}	catalogResponse			"A page of the catalogue"
//	@Failure		400			{object}	apierrors.Problem		"The page or the limit is no number from 1"
//	@Failure		403			{object}	apierrors.Problem		"The Host header names neither a loopback name nor an allowed host"
//	@Failure		404			{object}	apierrors.CodedMessage	"There is no such catalogue"
//	@Failure		500			{object}	apierrors.Problem		"A fault of the daemon"
//	@Failure		502			{object}	apierrors.Problem		"The source holds no catalogue"
//	@Failure		504			{object}	apierrors.Problem		"The source cannot be reached"
//	@Router			/registry/{registry}/v0.1/x/dev.toolhive/skills [get]
func (h *handlers) browseCatalogSkills(w http.ResponseWriter, r *http.Request) error {
	if err := checkRegistryName(r, "registry"); err != nil {
		return withCode(err)
	}
	params, err := query(r)
	if err != nil {
		return err
	}
	page, err := count(params, "page")
	if err != nil {
		return err
	}
	limit, err := count(params, "limit")
	if err != nil {
		return err
	}
	found, err := h.service.BrowseCatalog(r.Context(), skills.BrowseOptions{Query: params.Get("q"), Page: page, Limit: limit})
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, catalogResponse{
		Skills:   some(found.Entries),
		Metadata: pageMetadata{Total: found.Total, Page: found.Page, Limit: found.Limit},
	})
}

// getCatalogSkill answers with one published skill.
//
//	@Summary		Get a published skill
//	@Description	Returns the catalogue's entry of a skill; case is ignored.
//	@ID				getCatalogSkill
//	@Tags			registry
//	@Param			registry	path		string					true	"The catalogue's name"	example(default)
//	@Param			namespace	path		string					true	"The skill's namespace, percent-encoded"	example(io.github.org)
//	@Param			name		path		string					true	"The skill's name, percent-encoded"	example(pdf-tools)
//	@Success		200			{object}	skills.CatalogEntry		"The catalogue's entry"
//	@Failure		403			{object}	apierrors.Problem		"The Host header names neither a loopback name nor an allowed host"
//	@Failure		404			{object}	apierrors.CodedMessage	"There is no such catalogue, or no such skill in it"
//	@Failure		500			{object}	apierrors.Problem		"A fault of the daemon"
//	@Failure		502			{object}	apierrors.Problem		"The source holds no catalogue"
//	@Failure		504			{object}	apierrors.Problem		"The source cannot be reached"
//	@Router			/registry/{registry}/v0.1/x/dev.toolhive/skills/{namespace}/{name} [get]
func (h *handlers) getCatalogSkill(w http.ResponseWriter, r *http.Request) error {
	if err := checkRegistryName(r, "registry"); err != nil {
		return withCode(err)
	}
	namespace, err := pathValue(r, "namespace")
	if err != nil {
		return err
	}
	name, err := pathValue(r, "name")
	if err != nil {
		return err
	}
	entry, err := h.service.CatalogEntry(r.Context(), namespace, name)
	if err != nil {
		return withCode(err)
	}
	return encode(w, http.StatusOK, entry)
}

// withCode gives a NotFound error the form that clients of registry APIs expect.
func withCode(err error) error {
	if skills.IsKind(err, skills.NotFound) {
		return apierrors.Coded("not_found", err)
	}
	return err
}

// count returns a query parameter that is a number from 1; 0 where it is left
// out. A number that is too large to count with is the largest there is.
func count(params url.Values, name string) (int, error) {
	text := params.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n < 1 {
		return 0, skills.Errorf(skills.Invalid, "query parameter %q is %.40q; it must be a number from 1", name, text)
	}
	return n, nil
}
