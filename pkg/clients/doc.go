// SPDX-License-Identifier: Apache-2.0

// Package clients knows the AI clients: where each one looks for skills, how to
// tell that it is on this machine, and so which folders an install has to
// write. It only looks at the disk; writing is left to package install, and
// what was written to package state.
package clients
