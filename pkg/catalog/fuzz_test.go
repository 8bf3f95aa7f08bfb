// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

// FuzzDocument checks that whatever a catalogue file holds, what is taken from
// it can be found, encoded and read again.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{"version":"1","meta":{"last_updated":"x"},"data":{"skills":[{"namespace":"a","name":"b","packages":[{"registryType":"oci","identifier":"ghcr.io/a/b:1"}]}]}}`,
		`{"data":{"skills":[null,3,{"name":"x","packages":[{"registryType":"git","url":"https://h/o/r","ref":"v1","commit":"c","subfolder":"s"}]}]}}`,
		`{"data":{"skills":{}}}`, `{"data":{}}`, `[]`, `null`, "\ufeff{}", `{"skills":[{"name":"a","_meta":{"x":[1,{}]}}],"metadata":{"nextCursor":"c"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if entries, _, err := parsePage(text); err == nil {
			checkSnapshot(t, newSnapshot(entries))
		}
		if s, err := parseDocument(text); err == nil {
			checkSnapshot(t, s)
		}
	})
}

func checkSnapshot(t *testing.T, s *snapshot) {
	t.Helper()
	for _, e := range s.entries {
		require.NotEmpty(t, s.find(e.Namespace, e.Name))
		require.NotEmpty(t, s.search(e.Name))
		back, err := json.Marshal(e)
		require.NoError(t, err)
		var again skills.CatalogEntry
		require.NoError(t, json.Unmarshal(back, &again))
		require.NoError(t, checkEntry(again))
		if ref, ok, _ := e.Git(); ok {
			require.True(t, strings.HasPrefix(ref, "git://"))
			require.NotContains(t, ref, "..")
			require.NotContains(t, ref, `\`)
		}
		_, _, _ = e.OCI()
	}
}
