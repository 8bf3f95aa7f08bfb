// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// patternOf is what swag cannot say of a parameter: the fields of a schema that
// have the same name, by the beginning of the path.
var patternOf = []struct{ path, parameter, schema, field string }{
	{"/api/v1beta/skills/{name}", "name", "SkillMetadata", "name"},
}

// headers describes the headers of requests and answers beyond their type.
var headers = map[string]object{
	"ETag":          {"pattern": `^"[!#-~]*"$`, "example": `"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`},
	"If-None-Match": {"example": `"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`},
	"Location":      {"format": "uri-reference"},
	"Retry-After":   {"format": "int64", "minimum": 0, "example": 30},
	"Warning":       {"example": `110 - "Response is Stale"`},
}

// locations are the examples of the header Location, by operation.
var locations = map[string]string{
	"createGroup":      "/api/v1beta/groups/my%20team",
	"getDocumentation": "/api/doc/index.html",
	"installSkill":     "/api/v1beta/skills/pdf-tools",
}

// describeParameters gives the parameters the patterns and examples that swag
// has no words for.
func describeParameters(document object) {
	for _, o := range operations(document) {
		parameters, _ := o.object["parameters"].([]any)
		for _, p := range parameters {
			parameter := p.(object)
			name, _ := parameter["name"].(string)
			for _, of := range patternOf {
				if of.parameter == name && strings.HasPrefix(o.path, of.path) {
					field := child(child(child(components(document, "schemas"), of.schema), "properties"), of.field)
					child(parameter, "schema")["pattern"] = field["pattern"]
				}
			}
			if parameter["in"] == "header" {
				describeHeader(name, parameter)
			}
		}
	}
}

// describeHeaders does the same for the headers of answers.
func describeHeaders(document object) {
	for _, o := range operations(document) {
		for _, r := range o.responses() {
			present, _ := r.object["headers"].(object)
			for name := range present {
				describeHeader(name, child(present, name))
				if name == "Location" {
					child(present, name)["example"] = locations[o.id]
				}
			}
		}
	}
}

// describeHeader completes a header, or a parameter that is one.
func describeHeader(name string, header object) {
	for key, value := range headers[name] {
		if key == "example" {
			header[key] = value
			continue
		}
		child(header, "schema")[key] = value
	}
}
