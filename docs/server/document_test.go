// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
)

// operationIDs are what generated clients call the operations. More may be
// added; to change or drop one breaks whoever generates a client anew.
var operationIDs = []string{
	"browseCatalogSkills", "buildSkill", "createGroup", "deleteBuild", "deleteGroup", "discoverClients",
	"getCatalogSkill", "getDocumentation", "getGroup", "getHealth", "getMetrics", "getOpenAPI", "getRegistry",
	"getSkill", "getSkillContent", "getVersion", "installSkill", "listBuilds", "listGroups", "listRegistries",
	"listSkills", "pushSkill", "uninstallSkill", "updateRegistry", "validateSkill",
}

type object = map[string]any

// node is a place in the document.
type node struct {
	pointer string
	object
}

// document returns the document and every object in it, outside of examples.
func document(t *testing.T) (object, []node) {
	t.Helper()
	var parsed object
	require.NoError(t, json.Unmarshal(server.Document, &parsed))
	var nodes []node
	var visit func(pointer string, value any)
	visit = func(pointer string, value any) {
		switch value := value.(type) {
		case []any:
			for i, element := range value {
				visit(fmt.Sprint(pointer, "/", i), element)
			}
		case object:
			nodes = append(nodes, node{pointer, value})
			for key, element := range value {
				if key != "example" && key != "examples" {
					visit(pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), element)
				}
			}
		}
	}
	visit("", parsed)
	return parsed, nodes
}

// at returns what a pointer such as "/components/schemas/Group" leads to.
func at(t *testing.T, document object, pointer string) object {
	t.Helper()
	for _, key := range strings.Split(pointer, "/")[1:] {
		next, ok := document[key].(object)
		require.True(t, ok, "%s leads nowhere", pointer)
		document = next
	}
	return document
}

// resolved returns what the object refers to, or the object itself.
func resolved(t *testing.T, document, o object) object {
	t.Helper()
	if ref, ok := o["$ref"].(string); ok {
		return at(t, document, strings.TrimPrefix(ref, "#"))
	}
	return o
}

func TestOperationsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	_, nodes := document(t)
	var ids []string
	for _, n := range nodes {
		if id, ok := n.object["operationId"].(string); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	assert.Equal(t, operationIDs, ids)
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	doc, nodes := document(t)
	tags := make(map[string]bool)
	for _, tag := range doc["tags"].([]any) {
		tag := tag.(object)
		assert.NotEmpty(t, tag["description"], "tag %s", tag["name"])
		tags[tag["name"].(string)] = true
	}
	for _, n := range nodes {
		if n.object["operationId"] == nil {
			continue
		}
		assert.NotEmpty(t, n.object["summary"], n.pointer)
		assert.NotEmpty(t, n.object["description"], n.pointer)
		assert.Contains(t, n.object, "security", n.pointer)
		require.Len(t, n.object["tags"], 1, n.pointer)
		assert.True(t, tags[n.object["tags"].([]any)[0].(string)], "%s: its tag is not in the list", n.pointer)
		responses := n.object["responses"].(object)
		assert.Contains(t, responses, "403", n.pointer)
		for status, response := range responses {
			response := resolved(t, doc, response.(object))
			assert.NotEmpty(t, response["description"], "%s %s", n.pointer, status)
			assert.Contains(t, response["headers"], "X-Request-Id", "%s %s", n.pointer, status)
			bodies, _ := response["content"].(object)
			for mediaType, body := range bodies {
				assert.NotEmpty(t, body.(object)["schema"], "%s %s %s", n.pointer, status, mediaType)
				assert.Contains(t, body, "example", "%s %s %s", n.pointer, status, mediaType)
			}
			if status < "400" {
				continue
			}
			types := slices.Sorted(maps.Keys(bodies))
			if strings.Contains(n.pointer, "dev.toolhive") && status == "404" {
				assert.Equal(t, []string{"application/json", "application/problem+json"}, types, n.pointer)
				continue
			}
			assert.Equal(t, []string{"application/problem+json", "text/plain"}, types, "%s %s", n.pointer, status)
		}
	}
}

// TestEveryFieldIsDescribed looks at parameters, headers, schemas and their
// fields: each has a description and an example, and each object of known
// fields says which of them are always there.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	doc, nodes := document(t)
	for _, n := range nodes {
		if n.object["in"] != nil && n.object["schema"] != nil {
			assert.NotEmpty(t, n.object["description"], n.pointer)
			assert.Contains(t, n.object, "example", n.pointer)
		}
	}
	for _, n := range nodes {
		if !strings.HasSuffix(n.pointer, "/headers") {
			continue
		}
		for name, header := range n.object {
			header := resolved(t, doc, header.(object))
			assert.NotEmpty(t, header["description"], "%s %s", n.pointer, name)
			assert.NotEmpty(t, header["example"], "%s %s", n.pointer, name)
		}
	}
	for name, schema := range at(t, doc, "/components/schemas") {
		schema := schema.(object)
		assert.NotEmpty(t, schema["description"], name)
		fields, _ := schema["properties"].(object)
		for field, property := range fields {
			property := property.(object)
			assert.NotEmpty(t, resolved(t, doc, property)["description"], "%s.%s", name, field)
			if property["$ref"] == nil {
				assert.Contains(t, property, "examples", "%s.%s", name, field)
				assert.Contains(t, property, "type", "%s.%s", name, field)
			}
		}
		required, _ := schema["required"].([]any)
		for _, field := range required {
			assert.Contains(t, fields, field, name)
		}
		if optional := name == "CatalogRepository" || name == "UpdateRegistryRequest"; len(fields) > 0 {
			assert.Equal(t, optional, len(required) == 0, "%s says which fields are always there", name)
		}
	}
}

// TestExamplesAreValid holds every example against the schema beside it.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	doc, nodes := document(t)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("openapi.json", doc))
	checked := 0
	valid := func(schema string, example any) {
		t.Helper()
		compiled, err := compiler.Compile("openapi.json#" + strings.ReplaceAll(strings.ReplaceAll(schema, "{", "%7B"), "}", "%7D"))
		require.NoError(t, err, schema)
		assert.NoError(t, compiled.Validate(example), schema)
		checked++
	}
	for _, n := range nodes {
		if n.object["schema"] != nil && n.object["example"] != nil {
			valid(n.pointer+"/schema", n.object["example"])
		}
		if examples, ok := n.object["examples"].([]any); ok {
			for _, example := range examples {
				valid(n.pointer, example)
			}
		}
	}
	assert.Greater(t, checked, 300)
}
