// SPDX-License-Identifier: Apache-2.0

package main

// healthPath is what needs no token.
const healthPath = "/health"

// addAuthentication says that a daemon may ask for a token, and what it answers
// where the token is not good. The health check needs none.
func addAuthentication(document object) {
	components(document, "securitySchemes")["bearerAuth"] = object{
		"type": "http", "scheme": "bearer",
		"description": "The daemon's own token, or a JSON Web Token of its OpenID Connect provider. Only a daemon that was started with --auth-token-file or --oidc-issuer asks for one.",
	}
	for _, o := range operations(document) {
		if o.path == healthPath {
			o.object["security"] = []any{}
			continue
		}
		// The empty requirement makes the other one optional.
		o.object["security"] = []any{object{}, object{"bearerAuth": []any{}}}
		responses := child(o.object, "responses")
		addReason(responses, "401", "The daemon asks for a bearer token, and there is none or it is not good")
		child(child(responses, "401"), "headers")["WWW-Authenticate"] = object{
			"description": "Set where it is the daemon that asks for a token",
			"schema":      object{"type": "string"},
			"example":     `Bearer realm="skilld"`,
		}
		addReason(responses, "503", "The provider that would tell whether the bearer token is good cannot be asked")
	}
}

// addReason adds a status, or another reason for one that is there.
func addReason(responses object, status, reason string) {
	response := child(responses, status)
	if text, ok := response["description"].(string); ok {
		reason = text + ". " + reason
	}
	response["description"] = reason
}
