// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/registrytest"
)

// verifyStore runs "skilld store verify" on the data folder, and returns its
// exit code and what it printed.
func (d *daemon) verifyStore(flags ...string) (code int, out string) {
	d.t.Helper()
	command := exec.Command(binary, append([]string{"store", "verify", "--data-dir", d.data}, flags...)...)
	command.Env = d.environment(nil)
	var errs strings.Builder
	command.Stderr = &errs
	text, err := command.Output()
	if command.ProcessState == nil {
		require.NoError(d.t, err)
	}
	return command.ProcessState.ExitCode(), string(text) + errs.String()
}

// blobFiles returns the paths of all blobs.
func (d *daemon) blobFiles() []string {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.data, "store", "blobs", "sha256", "*"))
	require.NoError(d.t, err)
	return files
}

// layer returns the path of the only layer in the store.
func (d *daemon) layer() string {
	d.t.Helper()
	for _, file := range d.blobFiles() {
		text, err := os.ReadFile(file)
		require.NoError(d.t, err)
		if strings.HasPrefix(string(text), "\x1f\x8b") {
			return file
		}
	}
	require.FailNow(d.t, "there is no layer")
	return ""
}

func TestPushOfADamagedBuild(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	ref := registrytest.Open(t).Reference(repository, "1.0")
	d.mustBuild(makeSkill(t, "my-skill", "1.0", nil), ref)
	require.NoError(t, os.Remove(d.layer()))
	d.post(pushPath, object{"reference": ref}).is(422, "damaged", ref)
}

func TestStoreVerify(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "a-skill", "1", nil), "v1")
	d.mustInstall(object{"name": "a-skill"})

	code, out := d.verifyStore()
	assert.Equal(t, 1, code)
	assert.Contains(t, out, fmt.Sprintf("is in use by another skilld, process %d; stop that one", d.command.Process.Pid))
	d.stop()

	code, out = d.verifyStore()
	assert.Equal(t, 0, code, "%s", out)
	assert.Contains(t, out, "store: 1 tags, 6 blobs")
	assert.Contains(t, out, "records: 1 installed skills")
	assert.Contains(t, out, "all is well")

	var report struct {
		Clean bool
		Store struct {
			Tags, Blobs int
			Problems    []struct{ Kind, Tag, Message, Repair string }
		}
		State   []string
		Records struct {
			Skills   int
			Problems []struct{ Skill, Folder, Message string }
		}
	}
	code, out = d.verifyStore("--json")
	require.NoError(t, json.Unmarshal([]byte(out), &report), "%s", out)
	assert.Equal(t, 0, code)
	assert.True(t, report.Clean)
	assert.Equal(t, 6, report.Store.Blobs)

	// A client's folder that is gone is told, but neither it nor the record is touched.
	require.NoError(t, os.RemoveAll(d.claude("a-skill")))
	code, out = d.verifyStore("--repair")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, `the skill "a-skill" is not in `+d.claude("a-skill")+` any more`)
	assert.Contains(t, out, "skilld: 1 thing is not as it should be")
	assert.NoDirExists(t, d.claude("a-skill"))

	// A damaged blob takes its tag with it, and both are kept aside.
	require.NoError(t, os.WriteFile(d.layer(), []byte("\x1f\x8bnonsense"), 0o600))
	code, out = d.verifyStore("--json")
	assert.Equal(t, 1, code)
	text, _, _ := strings.Cut(out, "\nskilld:")
	require.NoError(t, json.Unmarshal([]byte(text), &report), "%s", out)
	assert.False(t, report.Clean)
	require.Len(t, report.Store.Problems, 2)
	assert.Equal(t, "v1", report.Store.Problems[1].Tag)
	assert.Len(t, report.Records.Problems, 1)
	code, out = d.verifyStore("--repair")
	assert.Equal(t, 1, code, "the client's folder is still gone")
	assert.Contains(t, out, `repaired: the tag "v1" is taken out`)

	d.launch(options{})
	assert.Empty(t, d.builds())
	d.mustBuild(makeSkill(t, "a-skill", "1", nil), "a-skill")
	d.mustInstall(object{"name": "a-skill"})
	d.stop()
	code, out = d.verifyStore()
	assert.Equal(t, 0, code, "%s", out)
}

func TestStoreVerifyNeedsAFolder(t *testing.T) {
	t.Parallel()
	d := newDaemon(t, options{data: filepath.Join(t.TempDir(), "none")})
	code, out := d.verifyStore()
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "looking at the data folder")
	assert.NoDirExists(t, d.data)

	require.NoError(t, os.Mkdir(d.data, 0o700))
	code, out = d.verifyStore()
	assert.Equal(t, 0, code, "a folder that no daemon has used yet: %s", out)
}

// damagedMessage is what callers read of an artifact with a damaged blob.
const damagedMessage = `the artifact "a-skill" in the local store is damaged: a blob is missing or is not what its digest says; build or pull it again`

// TestDamagedBlobs damages each blob of a build while the daemon is down. The
// build that suffers says so; the other one does not notice.
func TestDamagedBlobs(t *testing.T) {
	t.Parallel()
	damages := map[string]func(t *testing.T, file string){
		"missing": func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"flipped": func(t *testing.T, file string) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			text[len(text)/2] ^= 1
			require.NoError(t, os.WriteFile(file, text, 0o600))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, options{})
			dir := makeSkill(t, "a-skill", "1", nil)
			digest := d.mustBuild(dir, "a-skill")
			files := d.blobFiles()
			require.Len(t, files, 6)
			layer := d.layer()
			d.mustBuild(makeSkill(t, "other-skill", "1", nil), "other-skill")
			for _, file := range files {
				d.stop()
				damage(t, file)
				d.launch(options{})
				if file == layer {
					d.content("a-skill").is(422, damagedMessage)
					d.post(skillsPath, object{"name": "a-skill", "clients": []string{"claude-code"}}).is(422, damagedMessage)
					assert.NoDirExists(t, d.claude("a-skill"))
				}
				d.content("other-skill").is(200)
				assert.Equal(t, digest, d.mustBuild(dir, "a-skill"), "building again mends it")
				d.content("a-skill").is(200)
				assert.Len(t, d.builds(), 2)
			}
			d.stop()
			code, out := d.verifyStore()
			assert.Equal(t, 0, code, "%s", out)
		})
	}
}

// TestGarbledIndex puts nonsense into the place of index.json.
func TestGarbledIndex(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"truncated": `{"schemaVersion":2,"mani`, "garbage": "\x00\x01\x02", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, options{})
			d.mustBuild(makeSkill(t, "first-skill", "1", nil), "ghcr.io/org/first:v1")
			d.mustBuild(makeSkill(t, "last-skill", "2", nil), "")
			before := d.builds()
			d.kill()
			index := filepath.Join(d.data, "store", "index.json")
			require.NoError(t, os.WriteFile(index, []byte(text), 0o600))
			code, out := d.verifyStore()
			assert.Equal(t, 1, code)
			assert.Contains(t, out, "problem: index.json is garbled")

			d.launch(options{})
			assert.Equal(t, before, d.builds())
			assert.Contains(t, d.log.String(), "index.json cannot be used; it is made anew from the one before it and from the blobs")
			assert.Contains(t, d.log.String(), "last-skill", "what was lost is named")
			aside, err := filepath.Glob(index + ".garbled-*")
			require.NoError(t, err)
			assert.Len(t, aside, 1)
			d.stop()
			code, out = d.verifyStore()
			assert.Equal(t, 0, code, "%s", out)
		})
	}
}

// TestFullDisk runs the daemon on a small disk of its own.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	data := smallDisk(t)
	d := start(t, options{data: filepath.Join(data, "data")})
	dir := makeSkill(t, "a-skill", "1", nil)
	d.mustBuild(dir, "kept")

	filler := filepath.Join(data, "filler")
	fill(t, filler)
	large := makeSkill(t, "large-skill", "1", map[string]string{"noise.bin": noise(1 << 20)})
	a := d.post(buildPath, object{"path": large}).is(503)
	assert.Equal(t, "the disk of the store is full; free some space and try again", a.Body)
	d.content("kept").is(200)
	assert.Len(t, d.builds(), 1)
	require.NoError(t, os.Remove(filler))
	d.mustBuild(large, "")

	d.stop()
	code, out := d.verifyStore()
	assert.Equal(t, 0, code, "%s", out)
	d.launch(options{})
	assert.Len(t, d.builds(), 2)
	d.stop()
}

// TestLostPermission takes the right to change the store from the daemon.
func TestLostPermission(t *testing.T) {
	t.Parallel()
	const says = "the store may not be changed: its folder is read-only or belongs to somebody else; give skilld access to it and try again"
	d := start(t, options{})
	d.mustBuild(makeSkill(t, "a-skill", "1", nil), "kept")
	store := filepath.Join(d.data, "store")
	for _, folder := range []string{store, filepath.Join(store, "ingest"), filepath.Join(store, "blobs", "sha256")} {
		unlock := lockFolder(t, folder)
		a := d.post(buildPath, object{"path": makeSkill(t, "late-skill", "1", nil)}).is(503)
		assert.Equal(t, says, a.Body)
		if folder == store {
			a := d.del(buildsPath + "/kept").is(503)
			assert.Equal(t, says, a.Body)
		}
		d.content("kept").is(200)
		assert.Len(t, d.builds(), 1)
		unlock()
	}
	d.mustBuild(makeSkill(t, "late-skill", "1", nil), "")
	d.stop()
	code, out := d.verifyStore()
	assert.Equal(t, 0, code, "%s", out)
}

// lockFolder keeps everybody from changing a folder until unlock is called.
func lockFolder(t *testing.T, folder string) (unlock func()) {
	t.Helper()
	if os.Getuid() != 0 {
		require.NoError(t, os.Chmod(folder, 0o500))
		return func() { require.NoError(t, os.Chmod(folder, 0o755)) }
	}
	// Modes do not bind root.
	if err := exec.Command("chattr", "+i", folder).Run(); err != nil {
		t.Skip("for root, no folder can be locked here:", err)
	}
	once := sync.OnceFunc(func() { require.NoError(t, exec.Command("chattr", "-i", folder).Run()) })
	t.Cleanup(once)
	return once
}

// smallDisk mounts a disk of 4 MiB for the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("a disk of one's own needs Linux and root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no disk may be mounted here: %s", out)
	}
	t.Cleanup(func() { assert.NoError(t, exec.Command("umount", "-l", dir).Run()) })
	return dir
}

// fill writes a file until the disk is full, but for what a small answer needs.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	for chunk := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(chunk)
	}
	require.NoError(t, f.Close())
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(file, info.Size()-128<<10))
}

// noise is text that no compressor makes small.
func noise(size int) string {
	text := make([]byte, size)
	state := uint64(1)
	for i := range text {
		state = state*6364136223846793005 + 1442695040888963407
		text[i] = byte(state >> 56)
	}
	return string(text)
}
