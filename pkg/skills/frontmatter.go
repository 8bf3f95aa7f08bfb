// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// SkillFile is the file that makes a folder a skill.
	SkillFile = "SKILL.md"
	// MaxFrontmatter bounds the YAML between the delimiters, in bytes.
	MaxFrontmatter = 64 << 10

	delimiter = "---"
	// requiresKey is the metadata key that lists the skills this one needs.
	requiresKey = "toolhive.requires"
)

// Frontmatter is the YAML head of a SKILL.md.
type Frontmatter struct {
	Name          string
	Description   string
	Version       string
	License       string
	Compatibility string
	// AllowedTools are trimmed and never empty; nil when there are none.
	AllowedTools []string
	// ToolsByComma says that allowed-tools is one string with commas in it.
	ToolsByComma bool
	// Metadata holds the scalar values of the metadata map.
	Metadata map[string]string
	// Fields are all top-level keys in the order of the file.
	Fields []string
}

// Requires returns the references of the skills that this one needs: the
// trimmed, non-empty lines of the metadata value "toolhive.requires"; nil if
// there are none.
func (f Frontmatter) Requires() []string {
	var refs []string
	for line := range strings.Lines(f.Metadata[requiresKey]) {
		if line = strings.TrimSpace(line); line != "" {
			refs = append(refs, line)
		}
	}
	return refs
}

// ReadFrontmatter reads the frontmatter at the head of a SKILL.md and nothing
// after it. White space before it is skipped; it stands between two lines that
// are "---", and lines may end with CRLF.
//
// It returns an Invalid error where the frontmatter is missing, unclosed, not
// UTF-8 or not YAML of the right shape, and an Unprocessable one where it has
// over MaxFrontmatter bytes. A failure to read r is returned as it is.
func ReadFrontmatter(r io.Reader) (Frontmatter, error) {
	text, err := cutFrontmatter(bufio.NewReader(r))
	if err != nil {
		return Frontmatter{}, err
	}
	return parseFrontmatter(text)
}

// cutFrontmatter returns the lines between the delimiters.
func cutFrontmatter(r *bufio.Reader) ([]byte, error) {
	if err := skipSpace(r); err != nil {
		return nil, err
	}
	first, err := readLine(r, MaxFrontmatter)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !isDelimiter(first) {
		if bytes.HasPrefix(first, []byte("\ufeff")) {
			return nil, Errorf(Invalid, "%s begins with a byte order mark; save it as UTF-8 without one", SkillFile)
		}
		return nil, Errorf(Invalid, "%s has no frontmatter: its first line must be %q", SkillFile, delimiter)
	}
	var text []byte
	for {
		line, err := readLine(r, MaxFrontmatter+len(delimiter)+2)
		switch {
		case isDelimiter(line):
			return text, nil
		case len(text)+len(line) > MaxFrontmatter:
			return nil, Errorf(Unprocessable, "the frontmatter of %s is over %d KiB, or its closing %q line is missing",
				SkillFile, MaxFrontmatter>>10, delimiter)
		case errors.Is(err, io.EOF):
			return nil, Errorf(Invalid, "the frontmatter of %s is unclosed: a line that is %q must end it", SkillFile, delimiter)
		case err != nil:
			return nil, err
		}
		text = append(text, line...)
	}
}

// skipSpace leaves r at the first character that is not white space.
func skipSpace(r *bufio.Reader) error {
	for {
		c, _, err := r.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return Errorf(Invalid, "%s is empty: it must begin with frontmatter between two %q lines", SkillFile, delimiter)
		case err != nil:
			return err
		case !unicode.IsSpace(c):
			return r.UnreadRune()
		}
	}
}

// readLine returns the next line with its end, but stops reading after most
// bytes. At the end of the input it returns what is left and io.EOF.
func readLine(r *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for len(line) <= most {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
	return line, nil
}

// isDelimiter reports whether the line is "---", however it ends.
func isDelimiter(line []byte) bool {
	return string(bytes.TrimRight(line, " \t\r\n")) == delimiter
}

// document is the frontmatter as YAML sees it. A number in the place of a
// string is taken as the text that stands there.
type document struct {
	Name          string               `yaml:"name"`
	Description   string               `yaml:"description"`
	Version       string               `yaml:"version"`
	License       string               `yaml:"license"`
	Compatibility string               `yaml:"compatibility"`
	AllowedTools  toolList             `yaml:"allowed-tools"`
	Metadata      map[string]yaml.Node `yaml:"metadata"`
}

func parseFrontmatter(text []byte) (Frontmatter, error) {
	if !utf8.Valid(text) {
		return Frontmatter{}, Errorf(Invalid, "the frontmatter of %s is not UTF-8 text", SkillFile)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return Frontmatter{}, notYAML(err)
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return Frontmatter{}, Errorf(Invalid, "the frontmatter of %s must be a YAML map such as \"name: my-skill\"", SkillFile)
	}
	var doc document
	if err := root.Decode(&doc); err != nil {
		return Frontmatter{}, notYAML(err)
	}
	return Frontmatter{
		Name: doc.Name, Description: doc.Description, Version: doc.Version,
		License: doc.License, Compatibility: doc.Compatibility,
		AllowedTools: doc.AllowedTools.tools, ToolsByComma: doc.AllowedTools.byComma,
		Metadata: scalars(doc.Metadata), Fields: keys(root.Content[0]),
	}, nil
}

func notYAML(cause error) error {
	return Wrap(Invalid, cause, "the frontmatter of %s is not valid: %s", SkillFile,
		strings.Join(strings.Fields(strings.TrimPrefix(cause.Error(), "yaml: ")), " "))
}

// scalars keeps the values that are plain text or numbers. Some tools put
// whole structures into metadata; those are theirs, and no error.
func scalars(nodes map[string]yaml.Node) map[string]string {
	values := make(map[string]string, len(nodes))
	for key, node := range nodes {
		if node.Kind == yaml.AliasNode {
			node = *node.Alias
		}
		var value string
		if node.Kind == yaml.ScalarNode && node.Decode(&value) == nil {
			values[key] = value
		}
	}
	return values
}

func keys(mapping *yaml.Node) []string {
	names := make([]string, 0, len(mapping.Content)/2)
	for i := 0; i < len(mapping.Content); i += 2 {
		names = append(names, mapping.Content[i].Value)
	}
	return names
}

// toolList is the value of allowed-tools: a YAML list, or one string.
type toolList struct {
	tools   []string
	byComma bool
}

// UnmarshalYAML splits a string at commas where it has one, else at white space.
func (l *toolList) UnmarshalYAML(node *yaml.Node) error {
	var parts []string
	if node.Kind == yaml.SequenceNode {
		if err := node.Decode(&parts); err != nil {
			return err
		}
	} else {
		var text string
		if err := node.Decode(&text); err != nil {
			return err
		}
		if l.byComma = strings.Contains(text, ","); l.byComma {
			parts = strings.Split(text, ",")
		} else {
			parts = strings.Fields(text)
		}
	}
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			l.tools = append(l.tools, part)
		}
	}
	return nil
}
