// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// document is what the repository says somewhere else than in Go.
func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	require.NoError(t, err)
	return string(text)
}

// TestSampleConfig takes the # away from every setting of the sample.
func TestSampleConfig(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "sample.yaml", regexp.MustCompile(`(?m)^#(\w)`).ReplaceAllString(document(t, "deploy/config.yaml"), "$1"))
	defaults, sample := m.effective(t), m.effective(t, "--config", "sample.yaml")
	require.NotEmpty(t, defaults)
	for name, setting := range defaults {
		assert.Equal(t, "file", sample[name].Source, "the sample lacks %s", name)
		assert.Equal(t, setting.Value, sample[name].Value, name)
	}

	m.write(t, "commented.yaml", document(t, "deploy/config.yaml"))
	for name, setting := range m.effective(t, "--config", "commented.yaml") {
		assert.Equal(t, "default", setting.Source, "%s is set in the sample as it is", name)
	}
}

// TestOperationPage holds the table of settings against the flags.
func TestOperationPage(t *testing.T) {
	t.Parallel()
	type row struct{ name, variable, initial string }
	m := newMachine(t)
	var printed effectiveConfig
	require.NoError(t, json.Unmarshal([]byte(m.run(t, "config", "print", "--json")), &printed))
	var want, got []row
	for _, setting := range printed.Settings {
		initial := ""
		if _, isList := setting.Value.([]any); !isList {
			initial = strings.Replace(filepath.ToSlash(fmt.Sprint(setting.Value)), filepath.ToSlash(m.home), "~", 1)
		}
		want = append(want, row{setting.Name, "SKILLD_" + strings.ToUpper(strings.ReplaceAll(setting.Name, "-", "_")), initial})
	}
	cells := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| `(SKILLD_[A-Z_]+)` \\| (?:`([^`]+)` )?\\| .+ \\|$")
	for _, match := range cells.FindAllStringSubmatch(document(t, "docs/operation.md"), -1) {
		got = append(got, row{match[1], match[2], match[3]})
	}
	assert.Equal(t, want, got)
}
