// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"
)

const (
	skillsPath  = "/api/v1beta/skills"
	buildsPath  = skillsPath + "/builds"
	contentPath = skillsPath + "/content?ref="
)

// figures are what was measured with one size of store. Times are medians.
type figures struct {
	builds int

	start, build, remove    time.Duration
	list, listAnew, content time.Duration
	// install is of a skill that is not installed, again of one that is.
	install, again time.Duration

	listsASecond, contentsASecond float64
	// Sizes are in MiB.
	listSize                                     float64
	memoryAtStart, memoryAfterLists, memoryAtEnd float64
}

// plan says how much is measured.
type plan struct {
	// rounds is how often a change is made, starts how often the daemon is started.
	rounds, starts int
	// connections and duration are for the load.
	connections int
	duration    time.Duration
}

// bench is a daemon under measurement, with what its requests need.
type bench struct {
	*daemon
	plan
	dir string
	// builds is how many builds the store was filled with.
	builds int
	// made counts the folders that were built beside them.
	made int
}

// openBench fills a store and starts a daemon on it.
func openBench(ctx context.Context, binary, dir string, builds int, p plan) (*bench, error) {
	b := &bench{plan: p, dir: dir, builds: builds}
	if err := fill(ctx, filepath.Join(b.data(), "store"), builds); err != nil {
		return nil, fmt.Errorf("filling a store with %d builds: %w", builds, err)
	}
	return b, b.start(ctx, binary)
}

func (b *bench) data() string { return filepath.Join(b.dir, "data") }

func (b *bench) start(ctx context.Context, binary string) (err error) {
	b.daemon, err = startDaemon(ctx, binary, b.data(), filepath.Join(b.dir, "home"))
	return err
}

// measure takes all figures of one size.
func measure(ctx context.Context, binary, dir string, builds int, p plan) (f figures, err error) {
	b, err := openBench(ctx, binary, dir, builds, p)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	f.builds = builds
	if f.start, err = b.measureStart(ctx, binary); err != nil {
		return f, err
	}
	f.memoryAtStart = b.peakMemory()
	for _, step := range []func(context.Context, *figures) error{b.measureList, b.measureContent, b.measureChanges, b.measureInstall} {
		if err := step(ctx, &f); err != nil {
			return f, err
		}
	}
	f.memoryAtEnd = b.peakMemory()
	return f, nil
}

// measureStart starts the daemon several times, and leaves it running.
func (b *bench) measureStart(ctx context.Context, binary string) (time.Duration, error) {
	var times []time.Duration
	for range b.starts {
		if err := b.stop(); err != nil {
			return 0, err
		}
		if err := b.start(ctx, binary); err != nil {
			return 0, err
		}
		times = append(times, b.started)
	}
	return median(times), nil
}

func (b *bench) measureList(ctx context.Context, f *figures) (err error) {
	body, err := b.do(ctx, http.MethodGet, buildsPath, nil)
	if err != nil {
		return err
	}
	f.listSize = float64(len(body)) / (1 << 20)
	if f.list, err = b.repeat(func(int) error { _, err := b.do(ctx, http.MethodGet, buildsPath, nil); return err }); err != nil {
		return err
	}
	f.listsASecond, err = hammer(ctx, b.address, []string{buildsPath}, b.connections, b.duration)
	f.memoryAfterLists = b.peakMemory()
	return err
}

func (b *bench) measureContent(ctx context.Context, f *figures) (err error) {
	var paths []string
	for i := range min(b.builds, 100) {
		paths = append(paths, contentPath+skillName(i))
	}
	if f.content, err = b.repeat(func(i int) error {
		_, err := b.do(ctx, http.MethodGet, paths[i%len(paths)], nil)
		return err
	}); err != nil {
		return err
	}
	f.contentsASecond, err = hammer(ctx, b.address, paths, b.connections, b.duration)
	return err
}

// measureChanges builds new skills under new tags, and deletes them. The list
// after each deletion cannot be the one that was kept.
func (b *bench) measureChanges(ctx context.Context, f *figures) (err error) {
	folders := make([]string, b.rounds)
	for i := range folders {
		if folders[i], err = b.newFolder(); err != nil {
			return err
		}
	}
	if f.build, err = b.repeat(func(i int) error { return b.buildFolder(ctx, folders[i]) }); err != nil {
		return err
	}
	var removes, lists []time.Duration
	for _, folder := range folders {
		began := time.Now()
		if err := b.removeBuild(ctx, filepath.Base(folder)); err != nil {
			return err
		}
		removed := time.Now()
		if _, err := b.do(ctx, http.MethodGet, buildsPath, nil); err != nil {
			return err
		}
		removes, lists = append(removes, removed.Sub(began)), append(lists, time.Since(removed))
	}
	f.remove, f.listAnew = median(removes), median(lists)
	return nil
}

// newFolder makes a skill that is not built yet.
func (b *bench) newFolder() (string, error) {
	b.made++
	name := fmt.Sprintf("new-skill-%06d", b.made)
	folder := filepath.Join(b.dir, "skills", name)
	return folder, writeSkill(folder, name, "1.0.0")
}

func (b *bench) buildFolder(ctx context.Context, folder string) error {
	_, err := b.do(ctx, http.MethodPost, skillsPath+"/build", map[string]string{"path": folder})
	return err
}

func (b *bench) removeBuild(ctx context.Context, tag string) error {
	_, err := b.do(ctx, http.MethodDelete, buildsPath+"/"+tag, nil)
	return err
}

// measureInstall installs skills by name, each anew, and once more while
// nothing is left to be written.
func (b *bench) measureInstall(ctx context.Context, f *figures) error {
	var fresh, again []time.Duration
	for i := range b.rounds {
		name := skillName(i % b.builds)
		for _, times := range []*[]time.Duration{&fresh, &again} {
			began := time.Now()
			if err := b.installSkill(ctx, name); err != nil {
				return err
			}
			*times = append(*times, time.Since(began))
		}
		if err := b.uninstallSkill(ctx, name); err != nil {
			return err
		}
	}
	f.install, f.again = median(fresh), median(again)
	return nil
}

func (b *bench) installSkill(ctx context.Context, name string) error {
	_, err := b.do(ctx, http.MethodPost, skillsPath, map[string]any{"name": name, "clients": []string{"claude-code"}})
	return err
}

func (b *bench) uninstallSkill(ctx context.Context, name string) error {
	_, err := b.do(ctx, http.MethodDelete, skillsPath+"/"+name, nil)
	return err
}

// repeat times a request, over one connection.
func (b *bench) repeat(request func(i int) error) (time.Duration, error) {
	times := make([]time.Duration, b.rounds)
	for i := range times {
		began := time.Now()
		if err := request(i); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	return median(times), nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
