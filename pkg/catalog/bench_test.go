// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchWorld has 10,000 entries in a file that changed long ago.
func benchWorld(b *testing.B) world {
	b.Helper()
	entries := make([]string, 10_000)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"namespace":"io.github.org-%d","name":"skill-%d","description":"Writes release notes from the commits since the last tag, grouped by area, number %d.","version":"1.0.%d",
			"packages":[{"registryType":"oci","identifier":"ghcr.io/org-%d/skill-%d:v1"},{"registryType":"git","url":"https://github.com/org-%d/skills","ref":"main","subfolder":"skill-%d"}]}`,
			i%100, i, i, i, i%100, i, i%100, i)
	}
	source := fileSource(b, document(entries...))
	past := time.Now().Add(-time.Hour)
	require.NoError(b, os.Chtimes(source.Location, past, past))
	w := open(b, source)
	require.Len(b, names(b, w), 50)
	return w
}

func BenchmarkFindAmong10000(b *testing.B) {
	w := benchWorld(b)
	for i := 0; b.Loop(); i++ {
		found, err := w.Find(b.Context(), "", fmt.Sprintf("Skill-%d", i%10_000))
		if err != nil || len(found) != 1 {
			b.Fatal(len(found), err)
		}
	}
}

func BenchmarkBrowse10000(b *testing.B) {
	w := benchWorld(b)
	for _, q := range []string{"", "RELEASE notes", "skill-9", "matches nothing"} {
		b.Run("q="+q, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Browse(b.Context(), q, 3, 200); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad10000(b *testing.B) {
	w := benchWorld(b)
	source := w.Info(b.Context()).Source
	text, err := os.ReadFile(source)
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		// Other bytes each time, or nothing would be parsed.
		text = append(text, ' ')
		require.NoError(b, os.WriteFile(source, text, 0o600))
		if _, err := w.Find(b.Context(), "", "skill-1"); err != nil {
			b.Fatal(err)
		}
	}
}
