// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Bounds of the text in a SKILL.md (Agent Skills specification, "frontmatter").
const (
	// MaxDescription is in characters.
	MaxDescription = 1024
	// MaxCompatibility is in characters.
	MaxCompatibility = 500
	// MaxAdvisedLines is how long a SKILL.md should be at most.
	MaxAdvisedLines = 500
	// MaxSkillFile is the largest SKILL.md that is read into memory, in bytes (8 MiB).
	MaxSkillFile = 8 << 20
)

// knownFields are the frontmatter fields of the specification, and the two
// that this family of tools adds.
var knownFields = map[string]bool{
	"name": true, "description": true, "license": true, "compatibility": true,
	"metadata": true, "allowed-tools": true,
	"version": true, requiresKey: true,
}

// Validate checks the skill in the folder dir, an absolute path, against the
// Agent Skills specification; open opens the folder, as [os.OpenRoot] does.
// What is wrong with the skill is in the result; an error is the end of ctx, or
// the Forbidden one of open.
func Validate(ctx context.Context, dir string, open func(dir string) (*os.Root, error)) (ValidationResult, error) {
	report := report{errors: []string{}, warnings: []string{}}
	root, err := open(dir)
	if IsKind(err, Forbidden) {
		return ValidationResult{}, err
	}
	if err != nil {
		report.failWith(FolderError(dir, err))
		return report.result(), nil
	}
	defer func() { _ = root.Close() }()

	text, err := readSkillFile(root)
	if err != nil {
		report.failWith(err)
		return report.result(), nil
	}
	if err := report.checkEntries(ctx, root); err != nil {
		return ValidationResult{}, err
	}
	front, err := ReadFrontmatter(strings.NewReader(text))
	if err != nil {
		report.failWith(err)
	} else {
		report.checkFrontmatter(front, filepath.Base(filepath.Clean(dir)))
	}
	report.checkBody(root, text)
	return report.result(), nil
}

// FolderError turns a failure to open the folder dir, which a caller named,
// into an Invalid error that says what is wrong with it. An error that has a
// kind already is returned as it is.
func FolderError(dir string, err error) error {
	var pathErr *fs.PathError
	var kinded *Error
	switch {
	case errors.As(err, &kinded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return Wrap(Invalid, err, "folder %s does not exist", dir)
	case errors.As(err, &pathErr):
		return Wrap(Invalid, err, "folder %s cannot be opened: %v", dir, pathErr.Err)
	default:
		return Wrap(Invalid, err, "folder %s cannot be opened", dir)
	}
}

func readSkillFile(root *os.Root) (string, error) {
	info, err := root.Lstat(SkillFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", Errorf(Invalid, "the folder has no %s", SkillFile)
	case err != nil:
		return "", unreadable(SkillFile, err)
	case !info.Mode().IsRegular():
		return "", Errorf(Invalid, "%s is a %s; it must be a regular file", SkillFile, typeName(info.Mode()))
	case info.Size() > MaxSkillFile:
		return "", Errorf(Unprocessable, "%s has %d bytes; at most %d are allowed", SkillFile, info.Size(), MaxSkillFile)
	}
	text, err := root.ReadFile(SkillFile)
	if err != nil {
		return "", unreadable(SkillFile, err)
	}
	return string(text), nil
}

// report collects what a validation finds.
type report struct {
	errors, warnings []string
}

func (r *report) fail(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *report) failWith(err error) { r.errors = append(r.errors, err.Error()) }

func (r *report) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

func (r *report) result() ValidationResult {
	return ValidationResult{Valid: len(r.errors) == 0, Errors: r.errors, Warnings: r.warnings}
}

// maxFindings is how many findings of one sort are reported, lest a folder that
// is no skill at all fills the answer.
const maxFindings = 100

// checkEntries reports the symbolic links that packaging would refuse.
func (r *report) checkEntries(ctx context.Context, root *os.Root) error {
	first := len(r.errors)
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case len(r.errors)-first >= maxFindings:
			return fs.SkipAll
		case err != nil:
			r.failWith(unreadable(name, err))
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.Type()&fs.ModeSymlink != 0 && name != SkillFile:
			r.fail("%s is a symbolic link; a skill may hold only regular files and folders", name)
		}
		return nil
	})
}

func (r *report) checkFrontmatter(front Frontmatter, folder string) {
	if err := ValidateName(front.Name); err != nil {
		r.failWith(err)
	}
	if front.Name != "" && front.Name != folder {
		r.fail("skill name %q must be the name of its folder, %q", shorten(front.Name), folder)
	}
	if strings.TrimSpace(front.Description) == "" {
		r.fail("the skill's description is missing or blank")
	}
	if n := utf8.RuneCountInString(front.Description); n > MaxDescription {
		r.fail("the skill's description has %d characters; at most %d are allowed", n, MaxDescription)
	}
	if n := utf8.RuneCountInString(front.Compatibility); n > MaxCompatibility {
		r.fail("the field compatibility has %d characters; at most %d are allowed", n, MaxCompatibility)
	}
	if front.ToolsByComma {
		r.warn("allowed-tools is separated by commas; the specification separates by spaces")
	}
	for _, field := range front.Fields {
		if !knownFields[field] {
			r.warn("frontmatter field %q is not in the Agent Skills specification", shorten(field))
		}
	}
}

func (r *report) checkBody(root *os.Root, text string) {
	if lines := countLines(text); lines > MaxAdvisedLines {
		r.warn("%s has %d lines; the specification advises at most %d", SkillFile, lines, MaxAdvisedLines)
	}
	first := len(r.warnings)
	for _, target := range relativeLinks(text) {
		if len(r.warnings)-first >= maxFindings {
			return
		}
		if _, err := root.Stat(target); err != nil {
			r.warn("%s links to %s, which is not in the folder", SkillFile, shorten(target))
		}
	}
}

func countLines(text string) int {
	lines := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		lines++
	}
	return lines
}
