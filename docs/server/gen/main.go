// SPDX-License-Identifier: Apache-2.0

// Command gen finishes the OpenAPI document that swag writes, and writes it
// again as JSON and as YAML:
//
//	go run ./gen swagger.json swagger.yaml
//
// Swag gives all answers of one operation the same media type and writes error
// bodies as application/json. Here every error gets the two forms it really
// has, and every answer gets the X-Request-Id header that the middleware sets.
// Every operation but the health check gets the bearer token that a daemon may
// ask for, with the answers that go with it. A reference to a schema loses the
// neighbours that swag puts beside it, and an object of no known fields may have
// any.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: gen swagger.json swagger.yaml"))
	}
	if err := finish(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}

func finish(jsonFile, yamlFile string) error {
	text, err := os.ReadFile(jsonFile) // #nosec G304 G703 -- the file is this tool's argument
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", jsonFile, err)
	}
	bareReferences(document)
	openObjects(document)
	addAuthentication(document)
	eachResponse(document, finishResponse)
	if text, err = json.MarshalIndent(document, "", "  "); err != nil {
		return err
	}
	if err := write(jsonFile, append(text, '\n')); err != nil {
		return err
	}
	var pretty bytes.Buffer
	encoder := yaml.NewEncoder(&pretty)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	return write(yamlFile, pretty.Bytes())
}

// write replaces a file that everybody may read.
func write(file string, text []byte) error {
	return os.WriteFile(file, text, 0o644) // #nosec G306 G703 -- documentation, named by an argument
}

// eachResponse calls visit for every response of every operation.
func eachResponse(document map[string]any, visit func(status string, response map[string]any)) {
	for _, path := range object(document, "paths") {
		for _, operation := range path.(map[string]any) {
			for status, response := range object(operation.(map[string]any), "responses") {
				visit(status, response.(map[string]any))
			}
		}
	}
}

func finishResponse(status string, response map[string]any) {
	object(response, "headers")["X-Request-Id"] = map[string]any{
		"description": "The request's id, which is in the log too: the client's own where it sent one",
		"required":    true,
		"schema":      map[string]any{"type": "string"},
	}
	if status < "400" {
		return
	}
	content := map[string]any{
		"application/problem+json": map[string]any{"schema": map[string]any{"$ref": problemRef}},
	}
	mediaType, schema := errorForm(response)
	content[mediaType] = map[string]any{"schema": schema}
	response["content"] = content
}

const problemRef = "#/components/schemas/Problem"

// errorForm is what a client gets that does not ask for problem details: the
// schema that the annotations name, as JSON, or the message as plain text.
func errorForm(response map[string]any) (mediaType string, schema map[string]any) {
	named := object(object(object(response, "content"), "application/json"), "schema")
	if ref, ok := named["$ref"]; ok && ref != problemRef {
		return "application/json", named
	}
	return "text/plain", map[string]any{"type": "string"}
}

// addAuthentication says that a daemon may ask for a token, and what it answers
// where the token is not good. The health check needs none.
func addAuthentication(document map[string]any) {
	object(object(document, "components"), "securitySchemes")["bearerAuth"] = map[string]any{
		"type": "http", "scheme": "bearer",
		"description": "The daemon's own token, or a JSON Web Token of its OpenID Connect provider. Only a daemon that was started with --auth-token-file or --oidc-issuer asks for one.",
	}
	for path, operations := range object(document, "paths") {
		if path == "/health" {
			continue
		}
		for _, operation := range operations.(map[string]any) {
			operation := operation.(map[string]any)
			// The empty requirement makes the other one optional.
			operation["security"] = []any{map[string]any{}, map[string]any{"bearerAuth": []any{}}}
			responses := object(operation, "responses")
			addResponse(responses, "401", "The daemon asks for a bearer token, and there is none or it is not good (WWW-Authenticate is set)")
			addResponse(responses, "503", "The provider that would tell whether the bearer token is good cannot be asked")
		}
	}
}

// addResponse adds a status, or another reason for one that is there.
func addResponse(responses map[string]any, status, reason string) {
	response := object(responses, status)
	if text, ok := response["description"].(string); ok {
		reason = text + ". " + reason
	}
	response["description"] = reason
}

// object returns the object that parent has under key, made if there is none.
func object(parent map[string]any, key string) map[string]any {
	child, ok := parent[key].(map[string]any)
	if !ok {
		child = make(map[string]any)
		parent[key] = child
	}
	return child
}

// openObjects lets every object without known fields have any, in place.
func openObjects(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			openObjects(child)
		}
	case map[string]any:
		for _, child := range node {
			openObjects(child)
		}
		_, closed := node["properties"]
		_, open := node["additionalProperties"]
		if node["type"] == "object" && !closed && !open {
			node["additionalProperties"] = map[string]any{}
		}
	}
}

// bareReferences drops everything beside a $ref, in place.
func bareReferences(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			bareReferences(child)
		}
	case map[string]any:
		_, isReference := node["$ref"].(string)
		for key, child := range node {
			if isReference && key != "$ref" {
				delete(node, key)
				continue
			}
			bareReferences(child)
		}
	}
}
