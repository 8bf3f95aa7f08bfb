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
//	@description	Builds, previews, pushes and installs Agent Skills as OCI artifacts. A drop-in for the skills part of the `thv serve` API.
//	@description
//	@description	- Bodies are JSON. A request with a body must say `Content-Type: application/json` (415 otherwise), and no body may be over 1 MiB (413).
//	@description	- The body of an error is its message as `text/plain`, or problem details (RFC 9457) for a client whose `Accept` names `application/problem+json`. A generated client should send `Accept: application/json, application/problem+json` with every request: then each error has the type that this document gives it.
//	@description	- Every answer carries `X-Request-Id`, the client's own where it sent one; the log has it too.
//	@description	- A reference in a path, such as `ghcr.io/org/name:v1`, is one percent-encoded segment.
//	@description	- Push, install and content can be followed: `Accept: text/event-stream` gets server-sent events `progress`, and last `result`, whose data is the ordinary answer, or `error`, whose data is a Problem. The extension x-event-stream of an operation has their schemas.
//	@contact.name	skilld
//	@contact.url	https://github.com/skilld/skilld
//	@license.name	Apache-2.0
//	@license.url	https://www.apache.org/licenses/LICENSE-2.0
//	@servers.url	/
//	@servers.description	The daemon that serves this document
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
