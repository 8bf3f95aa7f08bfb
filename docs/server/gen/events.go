// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
)

const (
	progressRef = schemasRef + "ProgressEvent"
	// eventStream is the extension that says which events an operation sends.
	eventStream = "x-event-stream"
)

// addEvents finds the operations that can be followed by the schema
// ProgressEvent among what the annotations of their 200 name, and says in an
// extension what a client gets that asks for events: OpenAPI 3.1 has no words
// for them, and among the answers they would make generators of clients take
// the operation for a stream and nothing else.
func addEvents(document object) {
	for _, o := range operations(document) {
		if !takeProgress(child(o.object, "responses")) {
			continue
		}
		o.object["description"] = fmt.Sprintf("%s A client that asks for text/event-stream can follow the work: see %s.", o.object["description"], eventStream)
		o.object[eventStream] = object{
			"description": "The answer to a request with Accept: text/event-stream, unless it is refused before the first event: server-sent events with a line of JSON each. The last is the result, which is the ordinary answer, or an error.",
			"mediaType":   "text/event-stream",
			"status":      200,
			"events": object{
				"progress": object{"$ref": progressRef},
				"result":   o.result(),
				"error":    object{"$ref": problemRef},
			},
		}
	}
}

// takeProgress removes ProgressEvent from what the answer of status 200 may be,
// and that answer with it where nothing is left. It reports whether it was there.
func takeProgress(responses object) bool {
	answer, _ := responses["200"].(object)
	content, _ := answer["content"].(object)
	media, ok := content[jsonType].(object)
	if !ok {
		return false
	}
	schema := child(media, "schema")
	if schema["$ref"] == progressRef {
		delete(responses, "200")
		return true
	}
	// Swag makes a choice of two annotations of one status.
	choices, _ := schema["oneOf"].([]any)
	i := slices.IndexFunc(choices, func(choice any) bool { return choice.(object)["$ref"] == progressRef })
	if i < 0 || len(choices) != 2 {
		return false
	}
	media["schema"] = choices[1-i]
	return true
}

// result returns the schema of what an operation answers when it succeeds; that
// of an empty object where there is no body.
func (o operation) result() object {
	for _, r := range o.responses() {
		content, _ := r.object["content"].(object)
		media, ok := content[jsonType].(object)
		if ok && !r.isError() {
			return child(media, "schema")
		}
	}
	return object{"type": "object", "maxProperties": 0}
}
