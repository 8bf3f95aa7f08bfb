// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/pkg/redact"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		"nothing to hide":                    "nothing to hide",
		"https://ghcr.io/v2/":                "https://ghcr.io/v2/",
		"git://github.com/o/r@v1#a":          "git://github.com/o/r@v1#a",
		`git reference "https://ada:s3@h/o"`: `git reference "https://…@h/o"`,
		"https://token@h":                    "https://…@h",
		`Get "https://cdn.example/b?X-Sig=abc&e=1": dial`: `Get "https://cdn.example/b?…": dial`,
		"http://a/b?x=1 and http://u:p@c/d?y=2":           "http://a/b?… and http://…@c/d?…",
		"Authorization: Bearer abc.def-1":                 "Authorization: Bearer …",
		"map[Authorization:[Basic YWRhOngK=]]":            "map[Authorization:[Basic …]]",
		"this daemon needs a bearer token":                "this daemon needs a bearer token",
		"really?yes":                                      "really?yes",
	} {
		assert.Equal(t, want, redact.Text(text))
	}
}
