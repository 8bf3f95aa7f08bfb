// SPDX-License-Identifier: Apache-2.0

// Command gen finishes the OpenAPI document that swag writes, and writes it
// again as JSON and as YAML:
//
//	go run ./gen swagger.json swagger.yaml
//
// The annotations in pkg/api say what the API is. What swag cannot say is added
// here, a subject a file: what all operations have in common (authentication,
// the request's id, the two forms of an error), the streams of events, the
// examples, and names for what would have none in a generated client.
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
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}

func run(jsonFile, yamlFile string) error {
	text, err := os.ReadFile(jsonFile) // #nosec G304 G703 -- the file is this tool's argument
	if err != nil {
		return err
	}
	var document object
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", jsonFile, err)
	}
	wholeNumbers(document)
	if err := finish(document); err != nil {
		return fmt.Errorf("%s: %w", jsonFile, err)
	}
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

// finish completes the document in place. The order matters: each step sees
// what those before it have made.
func finish(document object) error {
	tidySchemas(document)
	nameEnumerations(document)
	describeParameters(document)
	describeHeaders(document)
	addEvents(document)
	addAuthentication(document)
	if err := addErrorForms(document); err != nil {
		return err
	}
	if err := addExamples(document); err != nil {
		return err
	}
	listSchemaExamples(document)
	addRequestID(document)
	return shareResponses(document)
}

// write replaces a file that everybody may read.
func write(file string, text []byte) error {
	return os.WriteFile(file, text, 0o644) // #nosec G306 G703 -- documentation, named by an argument
}
