// SPDX-License-Identifier: Apache-2.0

package skills_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/skills"
)

func TestValidateGroupName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"default", "a", "0", "_", "-", "my group", "a b c", "team_a-1", strings.Repeat("a", skills.MaxGroupName),
	} {
		t.Run("accepts "+name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, skills.ValidateGroupName(name))
		})
	}
	for name, message := range map[string]string{
		"":            "is missing",
		" ":           "begin or end with a space",
		" a":          "begin or end with a space",
		"a ":          "begin or end with a space",
		"a  b":        "two spaces in a row",
		"Team":        "lowercase",
		"a/b":         "lowercase",
		"a.b":         "lowercase",
		"a\tb":        "lowercase",
		"a\x00b":      "lowercase",
		"größe":       "lowercase",
		"a\u00a0b":    "lowercase",
		"\xff":        "lowercase",
		"../default":  "lowercase",
		"<b>default":  "lowercase",
		"default\n":   "lowercase",
		"x%20default": "lowercase",
		strings.Repeat("a", skills.MaxGroupName+1): "at most 64",
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			err := skills.ValidateGroupName(name)
			assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
			assert.ErrorContains(t, err, message)
		})
	}
}
