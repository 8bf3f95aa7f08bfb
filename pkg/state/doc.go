// SPDX-License-Identifier: Apache-2.0

// Package state remembers what is installed, the groups, the settings, and the
// operations on client folders that are under way. It keeps them in one SQLite
// file, which nothing outside this package knows.
//
// A change is on the disk when its method returns nil, and was not made when it
// returns an error. Whether records agree with the folders is for the callers
// to see to: they journal an operation with [DB.Begin], change the folders
// (package install), and make record and journal entry one change with
// [DB.CommitInstall] or [DB.CommitRemoval].
//
// Errors without a kind are faults of the file or of skilld; see skills.KindOf.
package state
