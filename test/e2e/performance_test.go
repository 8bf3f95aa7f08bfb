// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// manyBuilds is a store in which work that grows with its size would show.
const manyBuilds = 1000

// clone multiplies the builds of a stopped daemon: the same artifacts, each
// under many tags. It is much cheaper than to build them.
func (d *daemon) clone(tag string, copies int) {
	d.t.Helper()
	file := filepath.Join(d.data, "store", "index.json")
	text, err := os.ReadFile(file)
	require.NoError(d.t, err)
	head, rest, found := strings.Cut(string(text), "\n")
	require.True(d.t, found)
	entry, _, found := strings.Cut(rest, "\n]")
	require.True(d.t, found)
	entries := make([]string, copies)
	for i := range entries {
		entries[i] = strings.ReplaceAll(entry, `"`+tag+`"`, fmt.Sprintf(`"%s-%05d"`, tag, i))
	}
	require.NoError(d.t, os.WriteFile(file, []byte(head+"\n"+strings.Join(entries, ",\n")+"\n]}\n"), 0o600))
}

// TestListsNeedLittleMemory lets 16 clients list a thousand builds at once.
func TestListsNeedLittleMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || len(raceFlags) > 0 {
		t.Skip("only Linux tells how much memory a process had, and the race detector takes some of its own")
	}
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "the-skill", "1", nil), "the-tag")
	d.stop()
	d.clone("the-tag", manyBuilds)
	d.launch(options{})
	require.Len(t, d.builds(), manyBuilds)

	var clients errgroup.Group
	for range 16 {
		clients.Go(func() error {
			for range 100 {
				response, err := d.client.Get(d.url + buildsPath)
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, response.Body)
				if closeErr := response.Body.Close(); err == nil {
					err = closeErr
				}
				if err != nil {
					return err
				}
				if response.StatusCode != http.StatusOK {
					return fmt.Errorf("the daemon answered %s", response.Status)
				}
			}
			return nil
		})
	}
	require.NoError(t, clients.Wait())
	assert.Less(t, d.peakMemory(), int64(100<<20))
}

// TestListAndStartReadNoBlobs takes the layers' bytes away: neither may notice.
func TestListAndStartReadNoBlobs(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "the-skill", "1", nil), "the-tag")
	before := d.builds()
	d.stop()
	layer := d.layer()
	info, err := os.Stat(layer)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(layer, make([]byte, info.Size()), 0o600))
	d.launch(options{})
	assert.Equal(t, before, d.builds())
}
