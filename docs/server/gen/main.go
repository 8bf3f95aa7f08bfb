// SPDX-License-Identifier: Apache-2.0

// Command gen finishes the OpenAPI document that swag writes, and writes it
// again as JSON and as YAML:
//
//	go run ./gen swagger.json swagger.yaml
//
// Swag gives all answers of one operation the same media type and writes error
// bodies as application/json. Here every error gets the two forms it really
// has, every answer gets the X-Request-Id header that the middleware sets, and
// a reference to a schema loses the neighbours that swag puts beside it.
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
	response["content"] = map[string]any{
		"text/plain":               map[string]any{"schema": map[string]any{"type": "string"}},
		"application/problem+json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Problem"}},
	}
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
