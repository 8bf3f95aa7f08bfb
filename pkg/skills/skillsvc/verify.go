// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/skilld/skilld/pkg/install"
	"github.com/skilld/skilld/pkg/skills"
)

// RecordReport is what [VerifyRecords] found.
type RecordReport struct {
	// Skills is how many records were checked, and Interrupted how many changes
	// a crash cut short: their skills are not checked, since the next start
	// undoes or finishes them.
	Skills      int `json:"skills"`
	Interrupted int `json:"interrupted"`
	// Problems is what is wrong; empty, never nil, where nothing is.
	Problems []RecordProblem `json:"problems"`
}

// RecordProblem is a record that does not fit what is on disk.
type RecordProblem struct {
	// Skill is the skill's name, and Folder the folder that is not as it should be.
	Skill  string `json:"skill"`
	Folder string `json:"folder"`
	// Message is a sentence that says what is wrong and what helps.
	Message string `json:"message"`
}

// VerifyRecords looks whether each folder of each installed skill is there with
// its SKILL.md. It changes nothing: a folder may be on a disk that is not there
// at the moment, and client folders are touched on request alone.
func VerifyRecords(ctx context.Context, state State) (RecordReport, error) {
	report := RecordReport{Problems: []RecordProblem{}}
	ops, err := state.Operations(ctx)
	if err != nil {
		return report, fmt.Errorf("reading the journal: %w", err)
	}
	interrupted := make(map[skills.Key]bool, len(ops))
	for _, op := range ops {
		interrupted[op.Key] = true
	}
	records, err := state.Skills(ctx, skills.ListOptions{})
	if err != nil {
		return report, err
	}
	report.Interrupted = len(ops)
	for _, record := range records {
		report.Skills++
		if interrupted[record.Key()] {
			continue
		}
		for _, target := range record.Targets {
			if install.Present(target) {
				continue
			}
			name, folder := record.Metadata.Name, filepath.Join(target.Base, filepath.FromSlash(target.Path))
			report.Problems = append(report.Problems, RecordProblem{
				Skill: name, Folder: folder,
				Message: fmt.Sprintf("the skill %q is not in %s any more, where it is recorded to be installed; install it again, or uninstall it", name, folder),
			})
		}
	}
	return report, nil
}
