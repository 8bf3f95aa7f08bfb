// SPDX-License-Identifier: Apache-2.0

// Package git reads skills from public git servers: it parses git references,
// asks the server which commit a ref names, and fetches one folder of that
// commit over smart HTTP.
//
// The server, the names and everything it sends are somebody else's. So only
// permitted addresses are dialled (see package netguard), bytes, files and time
// are bounded while they come in, and nothing from a repository is ever run: no
// hooks, filters, attributes or submodules, and no link is followed. The git
// program is not used.
//
// Which folder the files go to, how long they are kept and what a skill's
// artifact looks like are left to the caller.
package git
