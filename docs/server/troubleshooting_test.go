// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/docs/server"
)

// TestEveryErrorHasAdvice holds docs/troubleshooting.md against the document:
// each error status that an operation can answer has a section, and no other.
func TestEveryErrorHasAdvice(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(server.Document, &document))
	// The router answers this one, whatever the operation.
	stated := []string{heading(t, "405")}
	for _, operations := range document.Paths {
		for _, operation := range operations {
			for status := range operation.Responses {
				if status >= "400" {
					stated = append(stated, heading(t, status))
				}
			}
		}
	}
	slices.Sort(stated)

	page, err := os.ReadFile("../troubleshooting.md")
	require.NoError(t, err)
	var advised []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "## 4") || strings.HasPrefix(line, "## 5") {
			advised = append(advised, strings.TrimSpace(line))
		}
	}
	slices.Sort(advised)
	assert.Equal(t, slices.Compact(stated), advised)
}

// heading is how the page names a status: as RFC 9110, section 15, does.
func heading(t *testing.T, status string) string {
	t.Helper()
	code, err := strconv.Atoi(status)
	require.NoError(t, err)
	names := map[int]string{413: "Content Too Large", 422: "Unprocessable Content"}
	name, renamed := names[code]
	if !renamed {
		name = http.StatusText(code)
	}
	return "## " + status + " " + name
}
