// SPDX-License-Identifier: Apache-2.0

// Package clients tests what the OpenAPI document is for: clients that are
// generated from it. The folders go and typescript are what a user of such a
// client would have: a generator's configuration and a small program that walks
// the main job. The tests generate the clients anew in a temporary folder, so
// that no generated code has to be committed and none can be stale, compile
// both, and run them against the real daemon and a real registry.
package clients
