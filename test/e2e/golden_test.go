// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skilld/skilld/internal/golden"
)

// TestGoldenDigests builds the golden folders, twice each, with the running
// daemon: another packager's digests must come out.
func TestGoldenDigests(t *testing.T) {
	t.Parallel()
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var env []string
			if c.SourceDateEpoch != "" {
				env = append(env, "SOURCE_DATE_EPOCH="+c.SourceDateEpoch)
			}
			d := start(t, options{env: env})
			dir := golden.Write(t, t.TempDir(), c.Folder)
			assert.EqualValues(t, c.Index, d.mustBuild(dir, "first"))
			assert.EqualValues(t, c.Index, d.mustBuild(dir, "second"))
		})
	}
}
