// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

func TestReadFrontmatter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want skills.Frontmatter
	}{
		"the smallest": {
			text: "---\nname: a-b\n---\n",
			want: skills.Frontmatter{Name: "a-b", Fields: []string{"name"}},
		},
		"white space around the file": {
			text: "\n \t\r\n---\nname: a-b\n---",
			want: skills.Frontmatter{Name: "a-b", Fields: []string{"name"}},
		},
		"CRLF line ends": {
			text: "---\r\nname: a-b\r\ndescription: Two words\r\n---\r\nbody\r\n",
			want: skills.Frontmatter{Name: "a-b", Description: "Two words", Fields: []string{"name", "description"}},
		},
		"dashes inside a value are no delimiter": {
			text: "---\nname: a-b\ndescription: before --- after\n---\n",
			want: skills.Frontmatter{Name: "a-b", Description: "before --- after", Fields: []string{"name", "description"}},
		},
		"an indented line of dashes belongs to a block": {
			text: "---\nname: a-b\ndescription: |\n  one\n  ---\n  two\n---\n",
			want: skills.Frontmatter{Name: "a-b", Description: "one\n---\ntwo\n", Fields: []string{"name", "description"}},
		},
		"a longer run of dashes is no delimiter": {
			text: "---\nname: a-b\n# ----\n---\n",
			want: skills.Frontmatter{Name: "a-b", Fields: []string{"name"}},
		},
		"a rule in the body ends nothing": {
			text: "---\nname: a-b\n---\ntext\n---\nname: other\n---\n",
			want: skills.Frontmatter{Name: "a-b", Fields: []string{"name"}},
		},
		"numbers are taken as the text that stands there": {
			text: "---\nname: 42\nversion: 1.0\nlicense: 0x10\ndescription: true\n---\n",
			want: skills.Frontmatter{Name: "42", Version: "1.0", License: "0x10", Description: "true",
				Fields: []string{"name", "version", "license", "description"}},
		},
		"tools as a list": {
			text: "---\nname: a-b\nallowed-tools:\n  - ' Read '\n  - Bash(npm run *)\n  - ''\n---\n",
			want: skills.Frontmatter{Name: "a-b", AllowedTools: []string{"Read", "Bash(npm run *)"}, Fields: []string{"name", "allowed-tools"}},
		},
		"tools separated by commas": {
			text: "---\nname: a-b\nallowed-tools: Read, Bash(git add *), ,Write\n---\n",
			want: skills.Frontmatter{Name: "a-b", AllowedTools: []string{"Read", "Bash(git add *)", "Write"}, ToolsByComma: true,
				Fields: []string{"name", "allowed-tools"}},
		},
		"tools separated by spaces": {
			text: "---\nname: a-b\nallowed-tools: Read   Grep\n---\n",
			want: skills.Frontmatter{Name: "a-b", AllowedTools: []string{"Read", "Grep"}, Fields: []string{"name", "allowed-tools"}},
		},
		"no tools at all": {
			text: "---\nname: a-b\nallowed-tools: ' , '\n---\n",
			want: skills.Frontmatter{Name: "a-b", ToolsByComma: true, Fields: []string{"name", "allowed-tools"}},
		},
		"metadata keeps its scalars and passes over structures": {
			text: "---\nname: a-b\nmetadata:\n  author: &a me\n  level: 3\n  copy: *a\n  nested: {x: 1}\n---\n",
			want: skills.Frontmatter{Name: "a-b", Metadata: map[string]string{"author": "me", "level": "3", "copy": "me"},
				Fields: []string{"name", "metadata"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := skills.ReadFrontmatter(strings.NewReader(tt.text))
			require.NoError(t, err)
			if tt.want.Metadata == nil {
				tt.want.Metadata = map[string]string{}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestReadFrontmatterRefuses(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("# filler line\n", skills.MaxFrontmatter/14+1)
	tests := map[string]struct {
		text string
		kind skills.Kind
		says string
	}{
		"an empty file":              {"", skills.Invalid, "is empty"},
		"white space alone":          {" \n\t\n", skills.Invalid, "is empty"},
		"no frontmatter":             {"# Title\n", skills.Invalid, "no frontmatter"},
		"a byte order mark":          {"\ufeff---\nname: a\n---\n", skills.Invalid, "byte order mark"},
		"an unclosed frontmatter":    {"---\nname: a\n", skills.Invalid, "unclosed"},
		"a first line with more":     {"--- # start\nname: a\n---\n", skills.Invalid, "no frontmatter"},
		"broken YAML":                {"---\nname: [a\n---\n", skills.Invalid, "not valid"},
		"a list":                     {"---\n- a\n---\n", skills.Invalid, "must be a YAML map"},
		"nothing between the lines":  {"---\n---\n", skills.Invalid, "must be a YAML map"},
		"a name that is a list":      {"---\nname: [a]\n---\n", skills.Invalid, "not valid"},
		"metadata that is a list":    {"---\nname: a\nmetadata: [a]\n---\n", skills.Invalid, "not valid"},
		"a key that stands twice":    {"---\nname: a\nname: b\n---\n", skills.Invalid, "already defined"},
		"text that is not UTF-8":     {"---\nname: \xff\n---\n", skills.Invalid, "UTF-8"},
		"tools that are a map":       {"---\nname: a\nallowed-tools: {a: b}\n---\n", skills.Invalid, "not valid"},
		"more than 64 KiB":           {"---\n" + filler + "---\n", skills.Unprocessable, "over 64 KiB"},
		"more than 64 KiB, unclosed": {"---\n" + strings.Repeat("x", skills.MaxFrontmatter+10), skills.Unprocessable, "over 64 KiB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := skills.ReadFrontmatter(strings.NewReader(tt.text))
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, tt.kind, skills.KindOf(err))
		})
	}
}

func TestReadFrontmatterAtTheBound(t *testing.T) {
	t.Parallel()
	head := "name: a-b\n# "
	exact := head + strings.Repeat("x", skills.MaxFrontmatter-len(head)-1) + "\n"
	_, err := skills.ReadFrontmatter(strings.NewReader("---\n" + exact + "---\nbody"))
	require.NoError(t, err)
	_, err = skills.ReadFrontmatter(strings.NewReader("---\nx" + exact + "---\nbody"))
	assert.Equal(t, skills.Unprocessable, skills.KindOf(err))
}

func TestReadFrontmatterLeavesTheBodyUnread(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk failed")
	head := strings.NewReader("---\nname: a-b\n---\n" + strings.Repeat("x", 8192))
	front, err := skills.ReadFrontmatter(io.MultiReader(head, iotest.ErrReader(broken)))
	require.NoError(t, err)
	assert.Equal(t, "a-b", front.Name)

	_, err = skills.ReadFrontmatter(io.MultiReader(strings.NewReader("---\nname: a-b\n"), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
}

func TestRequires(t *testing.T) {
	t.Parallel()
	front, err := skills.ReadFrontmatter(strings.NewReader(
		"---\nname: a-b\nmetadata:\n  toolhive.requires: |\n    ghcr.io/o/one:1\n\n      ghcr.io/o/two:2  \n---\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"ghcr.io/o/one:1", "ghcr.io/o/two:2"}, front.Requires())
	assert.Nil(t, skills.Frontmatter{}.Requires())
}

func FuzzReadFrontmatter(f *testing.F) {
	for _, seed := range []string{
		"---\nname: a-b\ndescription: d\n---\nbody", "---\r\nname: x\r\n---", "---\nallowed-tools: [a, b]\nmetadata: {a: 1}\n---\n",
		"---\na: &a [*a]\n---\n", "--- \n---\n", "---\nname: |\n  ---\n---\n", "\n\n---\n? a\n: b\n---",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		front, err := skills.ReadFrontmatter(strings.NewReader(text))
		if err != nil {
			kind := skills.KindOf(err)
			require.True(t, kind == skills.Invalid || kind == skills.Unprocessable, "%v", err)
			return
		}
		for _, tool := range front.AllowedTools {
			require.NotEmpty(t, strings.TrimSpace(tool))
		}
		again, err := skills.ReadFrontmatter(strings.NewReader("\n" + text + "\n"))
		require.NoError(t, err, "white space around the file changes nothing")
		require.Equal(t, front, again)
	})
}
