// SPDX-License-Identifier: Apache-2.0

// Package e2e tests skilld from outside: it builds the real binary, starts it
// on a data folder of its own, and speaks HTTP to it. Registries and git
// servers are real ones on loopback. Every answer is held against the OpenAPI
// document that the daemon serves.
package e2e
