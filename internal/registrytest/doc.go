// SPDX-License-Identifier: Apache-2.0

// Package registrytest runs OCI registries for tests: the reference
// implementation (distribution/distribution v3) in this process, on a loopback
// address, with its blobs in memory; open, behind basic authentication, or
// behind a token server. Each counts what it is asked, and can be broken in
// the ways that real registries break.
//
// What a client makes of the answers is left to the tests.
package registrytest
