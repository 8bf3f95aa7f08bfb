// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strings"
)

// object is a JSON object of the document.
type object = map[string]any

const (
	schemasRef = "#/components/schemas/"
	jsonType   = "application/json"
)

// child returns the object that parent has under key, made if there is none.
func child(parent object, key string) object {
	found, ok := parent[key].(object)
	if !ok {
		found = make(object)
		parent[key] = found
	}
	return found
}

// components returns the named components of a sort, such as "schemas".
func components(document object, sort string) object {
	return child(child(document, "components"), sort)
}

// resolve returns the schema that a reference names, with its name, or the
// schema itself.
func resolve(document, schema object) (name string, resolved object) {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return "", schema
	}
	name = strings.TrimPrefix(ref, schemasRef)
	return name, child(components(document, "schemas"), name)
}

// operation is one operation with its place.
type operation struct {
	path, id string
	object
}

// operations returns all operations, sorted by path and method.
func operations(document object) []operation {
	var all []operation
	paths := child(document, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		methods := child(paths, path)
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			o := child(methods, method)
			id, _ := o["operationId"].(string)
			all = append(all, operation{path, id, o})
		}
	}
	return all
}

// response is one answer of an operation, with its status.
type response struct {
	status string
	object
}

// responses returns the answers of an operation, sorted by status.
func (o operation) responses() []response {
	var all []response
	byStatus := child(o.object, "responses")
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		all = append(all, response{status, child(byStatus, status)})
	}
	return all
}

func (r response) isError() bool { return r.status >= "400" }

// wholeNumbers makes the numbers that are whole integers, in place: as the
// floating-point numbers that JSON is read as, YAML would have 1e+06 of them.
func wholeNumbers(node any) any {
	switch node := node.(type) {
	case []any:
		for i, element := range node {
			node[i] = wholeNumbers(element)
		}
	case object:
		for key, element := range node {
			node[key] = wholeNumbers(element)
		}
	case float64:
		if whole := int64(node); float64(whole) == node {
			return whole
		}
	}
	return node
}

// eachSchema calls visit for every schema of the document, those within others
// included, the outer ones first.
func eachSchema(document object, visit func(schema object)) {
	for _, schema := range components(document, "schemas") {
		visitSchema(schema, visit)
	}
	for _, o := range operations(document) {
		visitHolders(o.object["parameters"], visit)
		visitHolders(o.object["requestBody"], visit)
		visitHolders(o.object["responses"], visit)
	}
}

// visitHolders visits the schemas of what has one in a field "schema":
// parameters, headers and bodies.
func visitHolders(node any, visit func(object)) {
	switch node := node.(type) {
	case []any:
		for _, element := range node {
			visitHolders(element, visit)
		}
	case object:
		for key, element := range node {
			switch key {
			case "schema":
				visitSchema(element, visit)
			case "example", "examples":
			default:
				visitHolders(element, visit)
			}
		}
	}
}

func visitSchema(node any, visit func(object)) {
	schema, ok := node.(object)
	if !ok {
		return
	}
	visit(schema)
	properties, _ := schema["properties"].(object)
	for _, property := range properties {
		visitSchema(property, visit)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		visitSchema(schema[key], visit)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		choices, _ := schema[key].([]any)
		for _, choice := range choices {
			visitSchema(choice, visit)
		}
	}
}
