// SPDX-License-Identifier: Apache-2.0

// Package api is the HTTP face of skilld: the router, the middleware that every
// request passes, the rules of who may call, the listeners, the server with its
// orderly end, and the documentation page. The handlers are in package v1, and
// the answers to errors in package apierrors; what the routes do is behind
// skills.Service and no business of this package.
package api

// The head of the OpenAPI document (see docs/server):
//
//	@title			skilld
//	@version		v1beta
//	@description	Builds, previews, pushes and installs Agent Skills as OCI artifacts. Every answer carries X-Request-Id. The body of an error is its message as text/plain, or problem details (RFC 9457) for a client that accepts application/problem+json. A request with a body must say Content-Type: application/json.
//	@license.name	Apache-2.0
//	@license.url	https://www.apache.org/licenses/LICENSE-2.0
//	@servers.url	/
//	@externalDocs.description	The Agent Skills specification
//	@externalDocs.url	https://agentskills.io/specification
//	@tag.name		skills
//	@tag.description	Installed skills, and previews of skills that could be
//	@tag.name		builds
//	@tag.description	Skills that are built here
//	@tag.name		groups
//	@tag.description	Named sets of installed skills
//	@tag.name		clients
//	@tag.description	The AI clients that skills are installed for
//	@tag.name		registry
//	@tag.description	The catalogue of published skills
//	@tag.name		system
//	@tag.description	The daemon itself
