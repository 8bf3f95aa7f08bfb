// SPDX-License-Identifier: Apache-2.0

// Package skillsvc holds skilld's use cases, a file each: validate, build,
// builds, push, content, install, uninstall, list, groups, clients, catalog.
// What they share stands beside them: resolve says which source answers a
// reference, pull_errors turns a registry's failure into an error kind,
// local_build_marker tells what was built here from what was pulled, and
// allowed says which folders a request may name.
//
// It knows the artifact's format through pkg/oci, git through pkg/git and so
// on, but no HTTP, no SQL and no JSON of the API.
package skillsvc
