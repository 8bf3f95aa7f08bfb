// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
)

// requestIDRef is the header that every answer has.
const requestIDRef = "#/components/headers/RequestId"

// sharedNames are what the answers are called that several operations have, by
// what they say. They must be the same in all of these operations.
var sharedNames = map[string]string{
	"A cross-site request, or a foreign Host":                                       "CrossSite",
	"The Host header names neither a loopback name nor an allowed host":             "ForeignHost",
	"The daemon asks for a bearer token, and there is none or it is not good":       "Unauthenticated",
	"The provider that would tell whether the bearer token is good cannot be asked": "ProviderUnavailable",
	"The body is over 1 MiB":           "BodyTooLarge",
	"The body is not application/json": "BodyNotJSON",
	"A fault of the daemon":            "InternalError",
	"The time limit ran out":           "OutOfTime",
}

// addRequestID gives every answer the X-Request-Id header that the middleware sets.
func addRequestID(document object) {
	components(document, "headers")["RequestId"] = object{
		"description": "The request's id, which is in the log too: the client's own where it sent one",
		"required":    true,
		"schema":      object{"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
		"example":     "VJ6TGQ4RJ3F5ZKXW2M7DPBLNCA",
	}
	for _, o := range operations(document) {
		for _, r := range o.responses() {
			child(r.object, "headers")["X-Request-Id"] = object{"$ref": requestIDRef}
		}
	}
}

// shareResponses says once what many operations answer in the same words.
func shareResponses(document object) error {
	shared := components(document, "responses")
	for _, o := range operations(document) {
		for _, r := range o.responses() {
			description, _ := r.object["description"].(string)
			name, ok := sharedNames[description]
			if !ok {
				continue
			}
			if other, ok := shared[name]; ok && !reflect.DeepEqual(other, r.object) {
				return fmt.Errorf("%s: %s is the name of an answer that differs", o.id, name)
			}
			shared[name] = r.object
			child(o.object, "responses")[r.status] = object{"$ref": "#/components/responses/" + name}
		}
	}
	return nil
}
