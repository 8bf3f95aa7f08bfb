// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// killSkills are how many skills the crash test works on at once.
const killSkills = 8

// TestKill kills the daemon at random moments of builds, deletes, installs and
// uninstalls. After each restart it must show what it had acknowledged: a
// build or a skill is as its last acknowledged request left it, or, where one
// was under way, as that request would have. What the crash left on disk must be
// clean for "skilld store verify", before anything has mended it.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := *killRounds
	if rounds == 0 {
		rounds = 10
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	d := start(t, options{})
	workers := make([]*worker, killSkills)
	for i := range workers {
		workers[i] = newWorker(t, fmt.Sprintf("skill-%d", i))
	}
	for round := range rounds {
		var running sync.WaitGroup
		for _, w := range workers {
			choose := rand.New(rand.NewPCG(random.Uint64(), 0))
			running.Go(func() { w.work(d, choose) })
		}
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
		d.kill()
		running.Wait()
		code, out := d.verifyStore()
		require.Equal(t, 0, code, "round %d: %s", round, out)
		d.launch(options{})
		for _, w := range workers {
			w.check(d)
		}
		require.False(t, t.Failed(), "round %d", round)
	}
}

// state is which version of a skill is built and which is installed; empty for
// none.
type state struct{ build, install string }

// worker changes one skill all the time and keeps account of it.
type worker struct {
	t    *testing.T
	name string
	// dirs are two versions of the skill.
	dirs [2]string
	// now is what was acknowledged, and next what a request under way makes of it.
	now, next state
}

func newWorker(t *testing.T, name string) *worker {
	w := &worker{t: t, name: name}
	for i := range w.dirs {
		files := map[string]string{"version.txt": fmt.Sprint(i)}
		for n := range 20 {
			files[fmt.Sprintf("data/%d-%d.txt", i, n)] = strings.Repeat(fmt.Sprint(n, " "), 2000)
		}
		w.dirs[i] = makeSkill(t, name, fmt.Sprint(i), files)
	}
	return w
}

// work sends requests until one is not answered any more.
func (w *worker) work(d *daemon, random *rand.Rand) {
	for {
		version := random.IntN(2)
		w.next = w.now
		var err error
		switch step := random.IntN(4); {
		case step == 0 || w.now.build == "":
			err = w.build(d, version)
		case step == 1:
			err = w.install(d)
		case step == 2:
			w.next.install = ""
			err = w.remove(d, skillsPath+"/"+w.name)
		default:
			w.next.build = ""
			err = w.remove(d, buildsPath+"/"+w.name)
		}
		if err != nil {
			return
		}
		w.now = w.next
	}
}

func (w *worker) build(d *daemon, version int) error {
	w.next.build = fmt.Sprint("version ", version)
	return w.request(d, http.MethodPost, buildPath, object{"path": w.dirs[version], "tag": w.name}, 200)
}

func (w *worker) install(d *daemon) error {
	w.next.install = w.now.build
	return w.request(d, http.MethodPost, skillsPath, object{"name": w.name, "clients": []string{"claude-code", "cursor"}}, 201)
}

// remove accepts a 404 where there was nothing to remove.
func (w *worker) remove(d *daemon, path string) error {
	a, _, err := d.try(http.MethodDelete, path, "", nil)
	if err == nil && a.Status != 404 {
		assert.Equal(w.t, 204, a.Status, "%s", a.Body)
	}
	return err
}

func (w *worker) request(d *daemon, method, path string, body object, status int) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	a, _, err := d.try(method, path, string(encoded), http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return err
	}
	assert.Equal(w.t, status, a.Status, "%s %s: %s", method, path, a.Body)
	return nil
}

// check compares what the restarted daemon shows with the account, and goes on
// from there.
func (w *worker) check(d *daemon) {
	w.t.Helper()
	found := state{build: w.findBuild(d), install: w.findInstall(d)}
	assert.Contains(w.t, []string{w.now.build, w.next.build}, found.build, "%s: build", w.name)
	assert.Contains(w.t, []string{w.now.install, w.next.install}, found.install, "%s: installation", w.name)
	w.now, w.next = found, found
}

// findBuild returns which version is built, and reads it.
func (w *worker) findBuild(d *daemon) string {
	w.t.Helper()
	for _, build := range d.builds() {
		if build.Tag != w.name {
			continue
		}
		var content contentAnswer
		d.content(w.name).is(200).json(&content)
		assert.Equal(w.t, build.Version, content.Version)
		assert.Len(w.t, content.Files, 22)
		return "version " + build.Version
	}
	d.content(w.name).is(404)
	return ""
}

// findInstall returns which version is installed, and compares both folders
// with it byte for byte.
func (w *worker) findInstall(d *daemon) string {
	w.t.Helper()
	folders := []string{d.claude(w.name), filepath.Join(d.home, ".cursor", "skills", w.name)}
	for _, folder := range folders {
		assert.Empty(w.t, leftovers(w.t, filepath.Dir(folder)), "nothing half-written is visible")
	}
	for _, skill := range d.skills("") {
		if skill.Metadata.Name != w.name {
			continue
		}
		version := 0
		if skill.Metadata.Version == "1" {
			version = 1
		}
		for _, folder := range folders {
			assert.Equal(w.t, tree(w.t, w.dirs[version]), tree(w.t, folder))
		}
		return "version " + skill.Metadata.Version
	}
	for _, folder := range folders {
		assert.NoDirExists(w.t, folder)
	}
	return ""
}

// leftovers returns the files below hidden folders of a client's skill folder.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for name := range tree(t, dir) {
		if strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names
}
