// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// VerifyOptions say what [Verify] does besides looking.
type VerifyOptions struct {
	// Repair makes the store usable again, as far as it can be.
	Repair bool
	// Log tells what becomes of an index.json that has to be made anew; nil for
	// nobody.
	Log *slog.Logger
}

// Report is what [Verify] found.
type Report struct {
	// Tags and Blobs are how many were checked, and Bytes the size of the blobs.
	Tags  int   `json:"tags"`
	Blobs int   `json:"blobs"`
	Bytes int64 `json:"bytes"`
	// Strays and Unfinished are how many blobs nothing refers to and how many
	// files were still being written. A crash leaves them behind; they harm
	// nobody, and the next start deletes them.
	Strays     int `json:"strays"`
	Unfinished int `json:"unfinished"`
	// Problems is what is wrong; empty, never nil, where nothing is.
	Problems []Problem `json:"problems"`
}

// The kinds of problem.
const (
	// ProblemIndex is an index.json that is garbled or gone.
	ProblemIndex = "index"
	// ProblemBlob is a blob whose bytes have another digest than its name.
	ProblemBlob = "blob"
	// ProblemTag is a tag whose artifact cannot be used.
	ProblemTag = "tag"
)

// Problem is something that is wrong with a store.
type Problem struct {
	// Kind is one of the Problem constants.
	Kind string `json:"kind"`
	// Tag and Digest say what it is about, where that is a tag or a blob.
	Tag    string `json:"tag,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Message is a sentence about what is wrong.
	Message string `json:"message"`
	// Repair is what was done about it; empty where nothing was.
	Repair string `json:"repair,omitempty"`
}

// Verify checks the store in the folder root: that index.json can be read, that
// every blob has the bytes that its name promises, that everything the tags
// reach is there in the right size, and that what is marked as a local build is
// a skill. Nobody else may use the store meanwhile. A folder that does not
// exist, or is empty, is a store in which nothing is wrong.
//
// With Repair a garbled index.json is made anew (see [Open]); a damaged blob is
// moved to the folder quarantine; a tag whose artifact cannot be used is taken
// out, with what only it reached moved to quarantine too, beside a copy of
// index.json; and strays and unfinished files are deleted, except that beside
// damage, which strays may belong to, they are moved to quarantine as well.
//
// The error is for a store that cannot be checked: the folder is no store, or
// cannot be read or, for a repair, written; or ctx ended.
func Verify(ctx context.Context, root string, opts VerifyOptions) (Report, error) {
	report := Report{Problems: []Problem{}}
	dir, err := os.OpenRoot(root)
	if errors.Is(err, fs.ErrNotExist) {
		return report, nil
	}
	if err != nil {
		return report, fmt.Errorf("opening the folder of the store: %w", err)
	}
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	v := &verifier{disk: &disk{root: dir}, log: log, repair: opts.Repair, report: report}
	err = errors.Join(v.run(ctx), v.disk.close())
	if err != nil {
		err = fmt.Errorf("the store in %s: %w", root, err)
	}
	return v.report, err
}

// verifier is a check under way.
type verifier struct {
	disk   *disk
	blobs  *blobFolder
	log    *slog.Logger
	repair bool
	report Report

	current *snapshot
	// sizes has the blobs that are what their names promise, and damaged those
	// that are not.
	sizes   map[key]int64
	damaged []key
	// broken are the entries that cannot be used, with their places among the
	// problems. reached is what the others reach, and dropped what they reach.
	broken           map[*indexEntry]int
	reached, dropped map[key]bool
	// blind says that it is not known all that the tags reach.
	blind bool
}

func (v *verifier) run(ctx context.Context) error {
	laidOut, err := hasLayout(v.disk)
	if err != nil {
		return err
	}
	if !laidOut {
		return checkNew(v.disk)
	}
	if err := openLayout(v.disk); err != nil {
		return err
	}
	if v.blobs, err = openBlobFolder(v.disk); err != nil {
		return err
	}
	defer func() { _ = v.blobs.close() }() // a folder that was only looked into
	if err := v.checkIndex(); err != nil {
		return err
	}
	if err := v.checkBlobs(ctx); err != nil {
		return err
	}
	if err := v.checkEntries(ctx); err != nil {
		return err
	}
	if err := v.countLeftovers(); err != nil {
		return err
	}
	if v.repair {
		return v.mend()
	}
	return nil
}

// checkIndex reads index.json, or makes it anew.
func (v *verifier) checkIndex() error {
	current, damage, err := readIndex(v.disk, v.log)
	if err != nil {
		return err
	}
	v.current = current
	if damage == nil {
		return nil
	}
	problem := Problem{Kind: ProblemIndex, Message: damage.Error()}
	v.current, v.blind = &snapshot{}, true
	if v.repair {
		if v.current, err = rebuildIndex(v.disk, v.blobs, damage, v.log); err != nil {
			return err
		}
		v.blind = false
		problem.Repair = fmt.Sprintf("set aside and made anew, with %d tags", len(v.current.entries))
	}
	v.report.Problems = append(v.report.Problems, problem)
	return nil
}

// checkBlobs reads every blob.
func (v *verifier) checkBlobs(ctx context.Context) error {
	files, err := v.blobs.list()
	if err != nil {
		return fmt.Errorf("listing the blobs: %w", err)
	}
	v.sizes = make(map[key]int64, len(files))
	for k := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		size, err := v.blobs.size(k)
		if err != nil {
			return err
		}
		v.report.Blobs, v.report.Bytes = v.report.Blobs+1, v.report.Bytes+size
		switch err := v.blobs.verify(k); {
		case errors.Is(err, errDamaged):
			v.damaged = append(v.damaged, k)
		case err != nil:
			return err
		default:
			v.sizes[k] = size
		}
	}
	slices.SortFunc(v.damaged, func(a, b key) int { return strings.Compare(a.hex(), b.hex()) })
	for _, k := range v.damaged {
		v.report.Problems = append(v.report.Problems, Problem{
			Kind: ProblemBlob, Digest: k.digest().String(),
			Message: fmt.Sprintf("blob %s is damaged: its bytes have another digest", k.digest()),
		})
	}
	return nil
}

// checkEntries follows every entry of index.json.
func (v *verifier) checkEntries(ctx context.Context) error {
	v.broken, v.reached, v.dropped = make(map[*indexEntry]int), make(map[key]bool), make(map[key]bool)
	for _, e := range v.current.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.report.Tags++
		if e.opaque {
			v.blind = true // of an algorithm that we do not keep; others may
			continue
		}
		reached, err := v.follow(e.desc)
		if err == nil && e.desc.Annotations[AnnotationLocalBuild] == "true" {
			_, err = ReadArtifact(ctx, blobFetcher{v.blobs}, e.desc)
		}
		if err == nil {
			maps.Copy(v.reached, reached)
			continue
		}
		maps.Copy(v.dropped, reached)
		v.broken[e] = len(v.report.Problems)
		v.report.Problems = append(v.report.Problems, Problem{
			Kind: ProblemTag, Tag: e.tag, Digest: e.desc.Digest.String(),
			Message: fmt.Sprintf("%s cannot be used: %v", e.describe(), err),
		})
	}
	return nil
}

// describe names the entry in a sentence.
func (e *indexEntry) describe() string {
	if e.tag == "" {
		return fmt.Sprintf("the artifact %s, which has no tag,", e.desc.Digest)
	}
	return fmt.Sprintf("the tag %q", e.tag)
}

// follow returns the digests of all that desc reaches, and an error where any
// of it is not as it should be.
func (v *verifier) follow(desc ocispec.Descriptor) (map[key]bool, error) {
	reached := make(map[key]bool)
	var failures []error
	for todo := []ocispec.Descriptor{desc}; len(todo) > 0; {
		desc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		k, err := parseDigest(desc.Digest)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		size, sound := v.sizes[k]
		switch {
		case !sound && slices.Contains(v.damaged, k):
			failures = append(failures, fmt.Errorf("blob %s is damaged", k.digest()))
		case !sound:
			failures = append(failures, fmt.Errorf("blob %s is missing", k.digest()))
		case size != desc.Size:
			failures = append(failures, fmt.Errorf("blob %s has %d bytes instead of %d", k.digest(), size, desc.Size))
		}
		if reached[k] || !sound || !isManifest(desc.MediaType) {
			reached[k] = true
			continue
		}
		reached[k] = true
		content, err := v.blobs.manifest(k)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		parts, err := readParts(desc, content)
		if err != nil {
			failures = append(failures, err)
		}
		todo = append(todo, parts...)
		v.reachSubject(k, content, reached)
	}
	return reached, errors.Join(failures...)
}

// reachSubject adds what a manifest is a statement about, if that is there.
func (v *verifier) reachSubject(k key, content []byte, reached map[key]bool) {
	edges, err := parseReferences(k, content)
	if err != nil {
		return // follow has said so
	}
	for todo := edges; len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, there := v.sizes[e.key]; !e.optional || !there || reached[e.key] {
			continue
		}
		reached[e.key] = true
		children, err := v.blobs.references(e.key)
		if err != nil {
			v.blind = true
			continue
		}
		for _, child := range children {
			child.optional = true
			todo = append(todo, child)
		}
	}
}

// strays returns the sound blobs that nothing refers to.
func (v *verifier) strays() []key {
	if v.blind {
		return nil
	}
	var strays []key
	for k := range v.sizes {
		if !v.reached[k] && !v.dropped[k] {
			strays = append(strays, k)
		}
	}
	return strays
}

func (v *verifier) countLeftovers() error {
	v.report.Strays = len(v.strays())
	names, err := v.unfinished()
	v.report.Unfinished = len(names)
	return err
}

// unfinished returns the files that were being written.
func (v *verifier) unfinished() ([]string, error) {
	var names []string
	err := eachFile(v.disk.root, ingestDir, func(name string) error {
		names = append(names, ingestDir+"/"+name)
		return nil
	})
	for _, name := range []string{ocispec.ImageIndexFile, ocispec.ImageLayoutFile, previousIndex} {
		if _, err := v.disk.root.Lstat(name + tempSuffix); err == nil {
			names = append(names, name+tempSuffix)
		}
	}
	return names, err
}
