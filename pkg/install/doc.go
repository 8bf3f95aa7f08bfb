// SPDX-License-Identifier: Apache-2.0

// Package install puts skills into client folders and takes them out again,
// all or nothing: in every folder of an operation, or in none.
//
// An operation goes through [Plan] or [PlanRemoval], [Stage], [Swap] and
// [Finish]. Until it is committed, which is for the caller to record, [Undo]
// brings back what was there before; after that Finish completes it. Both work
// from what they find on the disk, and so do their work after a crash at any
// point of an operation, and of themselves, as often as they are called.
//
// New folders are prepared beside their targets and moved by rename. While an
// operation is under way its new folders hold an empty file whose name has the
// operation's id; by this file, and not by guessing, a folder that the
// operation put there is told from any other.
//
// Access is confined to the base folder of each target: no symbolic link is
// followed out of it. The package knows nothing of which client reads which
// folder (package clients), of records and journals (package state), or of
// where the files come from.
package install
