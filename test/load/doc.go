// SPDX-License-Identifier: Apache-2.0

// Command load measures a real skilld, over HTTP on loopback, with stores of
// several sizes: what a start, a build, a list, an installation by name, a
// preview and a delete cost, how many lists and previews a second 16 connections
// get, and how much memory that takes. docs/performance.md tells how to run it
// and has its results. Its benchmarks measure the same for "go test -bench".
//
// It asserts nothing: figures depend on the machine. What must not depend on it
// is tested in test/e2e.
package main
