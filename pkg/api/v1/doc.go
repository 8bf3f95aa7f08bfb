// SPDX-License-Identifier: Apache-2.0

// Package v1 holds the handlers of the v1beta API, a file a resource, with
// their request and response types. A handler decodes a request, checks its
// shape, calls the skills.Service and encodes the result; it decides nothing.
// Who may call, what an error looks like and how long a connection may take is
// left to packages api and apierrors.
//
// The swag annotations above the handlers are the source of the OpenAPI
// document in docs/server.
package v1
