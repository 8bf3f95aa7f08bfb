// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// bodies are the examples of bodies that those of the fields would not make: a
// schema that names no fields, or a request that must not have them all.
var bodies = map[string]any{
	"getMetrics 200":         "# HELP go_goroutines Number of goroutines that currently exist.\n# TYPE go_goroutines gauge\ngo_goroutines 12\n",
	"getOpenAPI 200":         object{"openapi": "3.1.0", "info": object{"title": "skilld", "version": "v1beta"}, "paths": object{}},
	"installSkill request":   object{"name": "pdf-tools", "clients": []any{"claude-code"}},
	"pushSkill 200":          object{"phase": "push", "bytes_done": 1048576, "bytes_total": 94371840},
	"pushSkill request":      object{"reference": "ghcr.io/org/pdf-tools:v1", "no_sign": true},
	"updateRegistry request": object{"local_path": "/home/me/catalogue.json"},
}

// apart are the fields that do not go together with the other fields of an
// example, by their schema.
var apart = map[string][]string{
	"InstalledSkill": {"project_root"},
	"CatalogPackage": {"url", "ref", "commit", "subfolder"},
}

// addExamples gives every field and every body that has none an example, made
// of those of the fields below it. One that cannot be made is an error:
// annotate the field.
func addExamples(document object) error {
	for name, schema := range components(document, "schemas") {
		for field, property := range child(schema.(object), "properties") {
			property := property.(object)
			if _, isReference := property["$ref"]; isReference || property["example"] != nil {
				continue
			}
			example, err := exampleOf(document, property)
			if err != nil {
				return fmt.Errorf("field %q of %s: %w", field, name, err)
			}
			property["example"] = example
		}
		if len(child(schema.(object), "properties")) == 0 {
			delete(schema.(object), "properties")
		}
	}
	for _, o := range operations(document) {
		if body, ok := o.object["requestBody"].(object); ok {
			if err := addToBody(document, body, bodies[o.id+" request"]); err != nil {
				return fmt.Errorf("%s: the request: %w", o.id, err)
			}
		}
		for _, r := range o.responses() {
			if err := addToBody(document, r.object, bodies[o.id+" "+r.status]); err != nil {
				return fmt.Errorf("%s: status %s: %w", o.id, r.status, err)
			}
		}
	}
	return nil
}

// addToBody adds the example to each form of a body; known is the one to use
// unless it is nil.
func addToBody(document, body object, known any) error {
	content, _ := body["content"].(object)
	for mediaType := range content {
		media := child(content, mediaType)
		switch {
		case media["example"] != nil:
		case known != nil:
			media["example"] = known
		default:
			example, err := exampleOf(document, child(media, "schema"))
			if err != nil {
				return fmt.Errorf("%s: %w", mediaType, err)
			}
			media["example"] = example
		}
	}
	return nil
}

// exampleOf returns an example of the schema: its own, or one that is made of
// those of its parts.
func exampleOf(document, schema object) (any, error) {
	name, schema := resolve(document, schema)
	if example, ok := schema["example"]; ok {
		return example, nil
	}
	if choices, ok := schema["anyOf"].([]any); ok {
		return exampleOf(document, choices[0].(object))
	}
	switch schema["type"] {
	case "array":
		element, err := exampleOf(document, child(schema, "items"))
		if err != nil {
			return nil, err
		}
		return []any{element}, nil
	case "object":
		return exampleObject(document, name, schema)
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("a schema has no example: %s", text)
}

func exampleObject(document object, name string, schema object) (any, error) {
	example := make(object)
	properties, _ := schema["properties"].(object)
	for field, property := range properties {
		if slices.Contains(apart[name], field) {
			continue
		}
		value, err := exampleOf(document, property.(object))
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field, err)
		}
		example[field] = value
	}
	return example, nil
}

// listSchemaExamples writes the examples of schemas as JSON Schema has them, in
// a list; swag writes the older form. Those of bodies and parameters stay.
func listSchemaExamples(document object) {
	eachSchema(document, func(schema object) {
		if example, ok := schema["example"]; ok {
			delete(schema, "example")
			schema["examples"] = []any{example}
		}
	})
}
