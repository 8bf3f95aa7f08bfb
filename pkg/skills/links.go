// SPDX-License-Identifier: Apache-2.0

package skills

import (
	"net/url"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// relativeLinks returns the files that the links and images of a Markdown text
// name relative to its folder, each once, in the order of the text. What stands
// in code is no link.
func relativeLinks(markdown string) []string {
	var targets []string
	seen := make(map[string]bool)
	document := goldmark.DefaultParser().Parse(text.NewReader([]byte(markdown)))
	// The walk fails only where its function does.
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		var destination []byte
		switch node := node.(type) {
		case *ast.Link:
			destination = node.Destination
		case *ast.Image:
			destination = node.Destination
		}
		target, relative := relativeTarget(string(destination))
		if entering && relative && !seen[target] {
			seen[target] = true
			targets = append(targets, target)
		}
		return ast.WalkContinue, nil
	})
	return targets
}

// relativeTarget returns the file that a link names, cleaned and without its
// fragment, and whether it is a relative link to a file at all.
func relativeTarget(link string) (string, bool) {
	if i := strings.IndexAny(link, "#?"); i >= 0 {
		link = link[:i]
	}
	if link == "" || strings.HasPrefix(link, "/") || strings.Contains(link, ":") {
		return "", false
	}
	if plain, err := url.PathUnescape(link); err == nil {
		link = plain
	}
	return path.Clean(link), true
}
