// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"path"
	"slices"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// quarantineDir is where a repair puts what it takes out of the store.
const quarantineDir = "quarantine"

// mend repairs what the checks found. The index comes first: after a crash in
// the midst of it there are strays, but never a tag that lost more blobs.
func (v *verifier) mend() error {
	if len(v.broken) > 0 {
		if err := v.dropBroken(); err != nil {
			return fmt.Errorf("taking out the tags that cannot be used: %w", err)
		}
	}
	if err := v.quarantineBlobs(); err != nil {
		return fmt.Errorf("moving blobs to %s: %w", quarantineDir, err)
	}
	for _, k := range v.garbage() {
		if err := v.blobs.remove(k); err != nil {
			return fmt.Errorf("deleting the stray blob %s: %w", k.digest(), err)
		}
	}
	names, err := v.unfinished()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := v.disk.remove(name); err != nil {
			return fmt.Errorf("deleting the unfinished file %s: %w", name, err)
		}
	}
	return v.blobs.sync()
}

// dropBroken writes index.json without the entries that cannot be used, and
// keeps a copy of it as it was.
func (v *verifier) dropBroken() error {
	if err := v.disk.root.MkdirAll(quarantineDir, 0o755); err != nil {
		return diskError(err)
	}
	copied := path.Join(quarantineDir, time.Now().UTC().Format("index-20060102T150405.000000000Z.json"))
	if err := v.disk.replace(copied, v.current.writeTo); err != nil {
		return err
	}
	next := &snapshot{entries: slices.DeleteFunc(slices.Clone(v.current.entries), func(e *indexEntry) bool {
		_, broken := v.broken[e]
		return broken
	})}
	if err := v.disk.replace(ocispec.ImageIndexFile, next.writeTo); err != nil {
		return err
	}
	// The index before has these tags too.
	if err := v.disk.replace(previousIndex, next.writeTo); err != nil {
		return err
	}
	for e, i := range v.broken {
		v.report.Problems[i].Repair = fmt.Sprintf("%s is taken out; the index as it was is kept as %s", e.describe(), copied)
	}
	return nil
}

// garbage returns the strays that may be deleted: none while there is damage,
// since a damaged manifest no longer tells what belongs to it.
func (v *verifier) garbage() []key {
	if len(v.broken)+len(v.damaged) > 0 {
		return nil
	}
	return v.strays()
}

// quarantineBlobs moves the damaged blobs out of the way, and the sound ones
// that only broken entries reach, or may have reached.
func (v *verifier) quarantineBlobs() error {
	moves := slices.Clone(v.damaged)
	if len(v.broken)+len(v.damaged) > 0 {
		moves = append(moves, v.strays()...)
	}
	for k := range v.dropped {
		if _, there := v.sizes[k]; there && !v.reached[k] {
			moves = append(moves, k)
		}
	}
	if len(moves) == 0 {
		return nil
	}
	if err := v.disk.root.MkdirAll(quarantineDir, 0o755); err != nil {
		return diskError(err)
	}
	for _, k := range moves {
		if err := v.disk.rename(path.Join(blobsDir, k.hex()), path.Join(quarantineDir, k.hex())); err != nil {
			return err
		}
	}
	for i, problem := range v.report.Problems {
		if problem.Kind == ProblemBlob {
			v.report.Problems[i].Repair = "moved to " + quarantineDir
		}
	}
	return v.disk.syncDir(quarantineDir)
}
