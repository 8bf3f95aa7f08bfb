// SPDX-License-Identifier: Apache-2.0

// Package catalog is the catalogue of published skills: which skills there are,
// and where each one can be had. It comes from a JSON file, from a URL of such a
// file, or from a registry API, and is kept in memory between questions.
//
// A source that has answered once and fails later goes on answering from what it
// gave last; the log says so. What comes from a source is hostile until checked:
// it is bounded in bytes, entries, pages and time, and hosts are dialled through
// pkg/netguard.
//
// Left to others: fetching the packages that an entry names (pkg/oci, pkg/git),
// deciding which of several entries is meant (pkg/skills/skillsvc), and the HTTP
// routes (pkg/api/v1).
package catalog
