// SPDX-License-Identifier: Apache-2.0

package skills

// Phase is how far an [Operation] has come.
type Phase string

// The phases of an operation, in order. A crash before PhaseCommitted is
// undone at the next start; a crash after it is finished.
const (
	// PhaseStaging: new folders are being written beside their targets.
	PhaseStaging Phase = "staging"
	// PhaseSwapping: folders are being exchanged by rename.
	PhaseSwapping Phase = "swapping"
	// PhaseCommitted: the record says so; only leftovers remain to be removed.
	PhaseCommitted Phase = "committed"
)

// Operation is a change of client folders under way. It is journalled before
// the first file is touched, so that a restart can undo or finish what a crash
// interrupted.
type Operation struct {
	// ID is unique and safe in a file name.
	ID    string
	Key   Key
	Phase Phase
	Moves []Move
}

// Move is the change of one folder. Every path is relative to Base, with '/'
// separators; Staged and Backup are siblings of Path.
type Move struct {
	Base string
	// Path is the skill's folder.
	Path string
	// Staged is where the new folder is prepared; empty when the folder is
	// only to be removed.
	Staged string
	// Backup is where the present folder, if there is one, waits until the commit.
	Backup string
}
