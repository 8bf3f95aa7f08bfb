// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	"github.com/skilld/skilld/pkg/skills"
)

// How long a request may take; after that the service's context is done, which
// ends as a 504.
const (
	// quick is for answers from the local store and state.
	quick = 30 * time.Second
	// packing is for reading, and perhaps compressing, a whole folder.
	packing = 2 * time.Minute
	// loading is for reading a catalogue, which may be at some distance.
	loading = 2 * time.Minute
	// transfer is for talking to registries: a pull may take five minutes, and
	// its error should reach the client before this limit does.
	transfer = 6 * time.Minute
)

const (
	skillsPath   = "/api/v1beta/skills"
	groupsPath   = "/api/v1beta/groups"
	registryPath = "/api/v1beta/registry"
	catalogPath  = "/registry/{registry}/v0.1/x/dev.toolhive/skills"
)

// handlers answer requests with what the service says.
type handlers struct {
	service skills.Service
	version string
	builds  encodedBuilds
}

// Routes adds every route of this package to r. Path parameters are expected
// to be percent-encoded still: r must route on the escaped path, so that a
// reference with slashes can be one segment.
func Routes(r chi.Router, service skills.Service, version string, log *slog.Logger) {
	h := &handlers{service: service, version: version}
	add := func(method, pattern string, limit time.Duration, handler apierrors.HandlerFunc) {
		r.Method(method, pattern, within(limit, apierrors.Handler(log, handler)))
	}
	// For work that may take long enough to be followed.
	addFollowed := func(method, pattern string, limit time.Duration, handler apierrors.HandlerFunc) {
		r.Method(method, pattern, followed(within(limit, apierrors.Handler(log, handler))))
	}
	add(http.MethodGet, "/health", quick, h.health)
	add(http.MethodGet, "/api/v1beta/version", quick, h.getVersion)

	add(http.MethodGet, skillsPath, quick, h.listSkills)
	addFollowed(http.MethodPost, skillsPath, transfer, h.installSkill)
	add(http.MethodGet, skillsPath+"/{name}", quick, h.getSkill)
	add(http.MethodDelete, skillsPath+"/{name}", quick, h.uninstallSkill)

	add(http.MethodPost, skillsPath+"/validate", packing, h.validateSkill)
	add(http.MethodPost, skillsPath+"/build", packing, h.buildSkill)
	addFollowed(http.MethodPost, skillsPath+"/push", transfer, h.pushSkill)
	addFollowed(http.MethodGet, skillsPath+"/content", transfer, h.getSkillContent)
	add(http.MethodGet, skillsPath+"/builds", quick, h.listBuilds)
	// A wildcard, because some clients leave the slashes of a reference as they are.
	add(http.MethodDelete, skillsPath+"/builds/*", quick, h.deleteBuild)

	add(http.MethodGet, groupsPath, quick, h.listGroups)
	add(http.MethodPost, groupsPath, quick, h.createGroup)
	add(http.MethodGet, groupsPath+"/{name}", quick, h.getGroup)
	add(http.MethodDelete, groupsPath+"/{name}", quick, h.deleteGroup)
	add(http.MethodGet, "/api/v1beta/discovery/clients", quick, h.discoverClients)

	add(http.MethodGet, registryPath, loading, h.listRegistries)
	add(http.MethodGet, registryPath+"/{name}", loading, h.getRegistry)
	add(http.MethodPut, registryPath+"/{name}", loading, h.updateRegistry)
	add(http.MethodGet, catalogPath, loading, h.browseCatalogSkills)
	add(http.MethodGet, catalogPath+"/{namespace}/{name}", loading, h.getCatalogSkill)
}

// within gives the request's context a deadline.
func within(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
