// SPDX-License-Identifier: Apache-2.0

// Package openapitest checks HTTP answers against an OpenAPI 3.1 document, for
// tests. What the answers should be is left to the tests; that they are what
// the document promises is checked here.
package openapitest
