// SPDX-License-Identifier: Apache-2.0

// Package server holds the OpenAPI 3.1 document of the HTTP API. It is made
// from the annotations in pkg/api by swag (go generate ./docs/server), finished
// by ./gen, and is committed so that it can be read, served and compared without
// tools. Its rules are in .vacuum.yml; test/clients generates clients from it.
package server

import _ "embed"

//go:generate go tool swag init --quiet --v3.1 --dir ../../pkg/api,../../pkg/skills --generalInfo doc.go --output . --outputTypes json
//go:generate go run ./gen swagger.json swagger.yaml

// Document is the OpenAPI document as JSON.
//
//go:embed swagger.json
var Document []byte
