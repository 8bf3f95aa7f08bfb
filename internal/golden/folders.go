// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Write writes the folder of that name below dir and returns its path. It skips
// the test where the disk cannot hold the folder, because names that differ by
// case alone are the same to it.
func Write(t testing.TB, dir, name string) string {
	t.Helper()
	files, known := folders[name]
	if !known {
		t.Fatalf("there is no golden folder %q", name)
	}
	root := filepath.Join(dir, name)
	for path, content := range files {
		writeFile(t, filepath.Join(root, filepath.FromSlash(path)), content)
	}
	if entries := count(t, root); entries != len(files) {
		t.Skipf("the disk of %s holds %d of the %d files of %s: it takes no notice of case", root, entries, len(files), name)
	}
	return root
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	mode := fs.FileMode(0o600)
	if strings.HasSuffix(path, ".sh") {
		mode = 0o755 // which must not show in the artifact
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, root string) int {
	t.Helper()
	files := 0
	err := filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// pixels is a file of 16 KiB that is not text.
func pixels() string {
	row := make([]byte, 256)
	for i := range row {
		row[i] = byte(i)
	}
	return string(bytes.Repeat(row, 64))
}

// deepPath is a path of over 255 characters.
func deepPath() string {
	const filler = "-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/"
	path := "references/"
	for _, number := range []string{"00", "01", "02", "03", "04", "05", "06"} {
		path += "segment-" + number + filler
	}
	return path + "leaf.md"
}

// folders are the contents of the files by folder and path.
var folders = map[string]map[string]string{
	"asset-tree": {
		".DS_Store":         "\x00\x01hidden",
		".cache/state.json": "{}",
		"Alpha.md":          "A\n",
		"SKILL.md": `---
name: asset-tree
description: Nested folders, binary files and an empty one.
version: 0.0.1
---
`,
		"alpha.md":                    "a\n",
		"assets/deep/a/b/c/d/note.md": "deep\n",
		"assets/empty.txt":            "",
		"assets/pixels.bin":           pixels(),
		"docs/SKILL.md": `---
name: not-this-one
---
A nested SKILL.md is an ordinary file.
`,
		"zeta.md": "z\n",
	},
	"crlf-lines": {
		"SKILL.md": "---\r\n" +
			"name: crlf-lines\r\n" +
			"description: Windows line ends.\r\n" +
			"version: 1.2.3\r\n" +
			"---\r\n" +
			"\r\n" +
			"# CRLF\r\n",
	},
	"folded-text": {
		"SKILL.md": `---
name: folded-text
description: >-
  A folded description
  over two lines.
version: 3
metadata:
  reviewed: "true"
---

Text with a horizontal rule below.

---

After the rule.
`,
	},
	"minimal": {
		"SKILL.md": `---
name: minimal
description: The smallest skill that is valid.
---

# Minimal
`,
	},
	"release-notes": {
		"SKILL.md": `---
name: release-notes
description: "Drafts release notes <from merged pull requests> & tags; use when asked \"what changed?\""
version: 2.1.0-rc.1
allowed-tools: Bash(git:*) Read Grep
license: Apache-2.0
compatibility: Requires git 2.30+
metadata:
  author: platform-team
  toolhive.requires: |
    ghcr.io/example/skills/changelog:1.0.0

    ghcr.io/example/skills/semver@sha256:0000000000000000000000000000000000000000000000000000000000000000
---

# Release notes

Read the merged pull requests, group them, and write the notes.
`,
		"references/STYLE.md": `# Style

Short sentences.
`,
		"scripts/collect.sh": `#!/bin/sh
set -eu
git log --merges --oneline "$1"..HEAD
`,
	},
	"tool-commas": {
		"SKILL.md": `---
name: tool-commas
description: Allowed tools separated by commas.
allowed-tools: Read, Bash(git add *), ,Write
license: MIT
---
body
`,
	},
	"tool-list": {
		"SKILL.md": `---
name: tool-list
description: Allowed tools given as a YAML list.
version: "1.0"
allowed-tools:
  - Read
  - "Bash(npm run *)"
---
body
`,
	},
	"wide-names": {
		"SKILL.md": `---
name: wide-names
description: "Noms étendus: 日本語, emoji 🚀 and very long paths."
version: 1.0.0
---
# 日本語
`,
		"a file with spaces.txt":                                "spaces\n",
		"references/" + strings.Repeat("long-", 18) + "name.md": "a path over one hundred characters\n",
		deepPath():          "a path over 255 characters\n",
		"references/日本語.md": "こんにちは\n",
	},
}
