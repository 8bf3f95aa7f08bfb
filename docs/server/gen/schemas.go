// SPDX-License-Identifier: Apache-2.0

package main

import "slices"

// tidySchemas drops what swag adds without need, and lets every object without
// known fields have any.
func tidySchemas(document object) {
	for _, o := range operations(document) {
		body, _ := o.object["requestBody"].(object)
		content, _ := body["content"].(object)
		for mediaType := range content {
			// The body has the same one.
			delete(child(child(content, mediaType), "schema"), "description")
		}
	}
	eachSchema(document, func(schema object) {
		if _, ok := schema["$ref"].(string); ok {
			// The name of a Go variable.
			delete(schema, "summary")
		}
		if schema["uniqueItems"] == false {
			delete(schema, "uniqueItems")
		}
		// A struct tag has no other way to say that a list is empty.
		if list, ok := schema["example"].([]any); ok && len(list) == 1 && list[0] == "" {
			schema["example"] = []any{}
		}
		// An empty object is a schema that allows anything; true says the same
		// to tools that look for a type.
		if extra, ok := schema["additionalProperties"].(object); ok && len(extra) == 0 {
			schema["additionalProperties"] = true
		}
		_, closed := schema["properties"]
		_, open := schema["additionalProperties"]
		if schema["type"] == "object" && !closed && !open {
			schema["additionalProperties"] = true
		}
	})
}

// enumeration is a set of values that deserves a name.
type enumeration struct {
	name, description string
	values            []any
}

var enumerations = []enumeration{
	{"Scope", "For whom a skill is installed: the user, or one project.", []any{"user", "project"}},
	{"InstallationStatus", "How far an installation has come.", []any{"installed", "pending", "failed"}},
	{"SourceType", "What sort of source the catalogue has; default is the one that the daemon was started with.", []any{"default", "file", "url", "api"}},
	{"Phase", "What is being done: an artifact is pulled from a registry or pushed to one, a git repository is cloned, files are extracted.", []any{"pull", "clone", "extract", "push"}},
}

// nameEnumerations makes the enumerations schemas of their own, so that a
// generated client has one type for each. The description of a field stays
// beside the reference, as OpenAPI 3.1 allows.
func nameEnumerations(document object) {
	eachSchema(document, func(schema object) {
		values, _ := schema["enum"].([]any)
		for _, e := range enumerations {
			if !slices.Equal(values, e.values) {
				continue
			}
			delete(schema, "enum")
			delete(schema, "type")
			delete(schema, "example")
			schema["$ref"] = schemasRef + e.name
		}
	})
	for _, e := range enumerations {
		components(document, "schemas")[e.name] = object{
			"type": "string", "description": e.description, "enum": e.values, "example": e.values[0],
		}
	}
}
