// SPDX-License-Identifier: Apache-2.0

// Package skills is the domain of skilld: what a skill is, what its SKILL.md
// may say, which kinds of error there are, and the Service that the HTTP
// handlers call. It knows nothing of HTTP, OCI, git or SQLite; the packages
// that wrap those use its types.
package skills
