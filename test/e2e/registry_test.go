// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/registrytest"
)

const (
	pushPath   = skillsPath + "/push"
	repository = "org/my-skill"
)

// login writes a Docker config that knows the registry and returns the
// environment that makes a daemon read it.
func login(t *testing.T, registry *registrytest.Server, user, password string) []string {
	t.Helper()
	dir := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	secrets.add(password, auth)
	config := object{"auths": object{registry.Host: object{"auth": auth}}}
	encoded, err := json.Marshal(config)
	require.NoError(t, err)
	writeFiles(t, dir, map[string]string{"config.json": string(encoded)})
	return []string{"DOCKER_CONFIG=" + dir}
}

// publish builds my-skill with a daemon of its own, pushes it, and returns its
// reference, its folder and its digest.
func publish(t *testing.T, registry *registrytest.Server, env []string) (ref, dir, digest string) {
	t.Helper()
	d := start(t, options{env: env})
	ref = registry.Reference(repository, "1.0")
	dir = makeSkill(t, "my-skill", "1.0", map[string]string{"notes/a.md": "a", "b.bin": "\x00\x01"})
	digest = d.mustBuild(dir, ref)
	d.post(pushPath, object{"reference": ref, "no_sign": true}).is(204)
	return ref, dir, digest
}

// TestRoundTrip builds, pushes, deletes, previews and installs by reference,
// with registries of each kind.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	const user, password = "ada", "correct horse"
	for name, open := range map[string]func(t *testing.T) *registrytest.Server{
		"open":       func(t *testing.T) *registrytest.Server { return registrytest.Open(t) },
		"basic auth": func(t *testing.T) *registrytest.Server { return registrytest.WithBasicAuth(t, user, password) },
		"token auth": func(t *testing.T) *registrytest.Server { return registrytest.WithTokenAuth(t, user, password) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := open(t)
			d := start(t, options{env: login(t, registry, user, password)})
			ref := registry.Reference(repository, "1.0")
			dir := makeSkill(t, "my-skill", "1.0", map[string]string{"notes/a.md": "a"})
			digest := d.mustBuild(dir, ref)
			d.post(pushPath, object{"reference": ref, "no_sign": true}).is(204)
			d.del(buildsPath + "/" + strings.ReplaceAll(ref, "/", "%2F")).is(204)
			assert.Empty(t, tree(t, filepath.Join(d.data, "store", "blobs")))

			preview := d.content(ref).is(200, `"name":"my-skill"`)
			assert.Equal(t, `"`+digest+`"`, preview.Header.Get("ETag"))
			skill := d.mustInstall(object{"name": ref})
			assert.Equal(t, ref, skill.Reference)
			assert.Equal(t, "1.0", skill.Tag)
			assert.Equal(t, digest, skill.Digest)
			assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
			assert.Empty(t, d.builds(), "what a pull brought is no build")

			byDigest := registry.Host + "/" + repository + "@" + digest
			d.content(byDigest).is(200)
			again := d.mustInstall(object{"name": byDigest, "clients": []string{"cursor"}})
			assert.Equal(t, digest, again.Digest)
			versioned := d.mustInstall(object{"name": registry.Host + "/" + repository, "version": "1.0"})
			assert.Equal(t, ref, versioned.Reference)
			assert.NotContains(t, d.log.String(), password)
		})
	}
}

// TestRegistryFailures breaks a registry in every way that the contract names
// and looks at what the caller gets, for a preview and for an installation.
func TestRegistryFailures(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	tests := map[string]struct {
		fault  registrytest.Fault
		status int
		texts  []string
		// retryAfter is the header that the answer must have.
		retryAfter string
	}{
		"unauthorized":          {registrytest.Status(401, "UNAUTHORIZED", "who are you?"), 401, []string{"who are you?"}, ""},
		"forbidden":             {registrytest.Status(403, "DENIED", "not for you"), 401, []string{"not for you"}, ""},
		"missing":               {registrytest.Status(404, "MANIFEST_UNKNOWN", "never heard of it"), 404, []string{"never heard of it"}, ""},
		"rate limit":            {registrytest.RateLimit(""), 429, nil, ""},
		"rate limit with delay": {registrytest.RateLimit("77"), 429, nil, "77"},
		"400":                   {registrytest.Status(400, "UNSUPPORTED", "no such thing"), 502, []string{"no such thing"}, ""},
		"500":                   {registrytest.Status(500, "UNKNOWN", "out of order"), 502, []string{"out of order"}, ""},
		"503":                   {registrytest.Status(503, "UNAVAILABLE", "closed today"), 502, []string{"closed today"}, ""},
		"dropped":               {registrytest.Drop(), 502, nil, ""},
		"hang":                  {registrytest.Hang(), 504, nil, ""},
		"cut blob":              {registrytest.On("GET", "/blobs/", registrytest.Cut()), 502, nil, ""},
		"wrong digest":          {registrytest.On("GET", "/blobs/", registrytest.Garble()), 502, nil, ""},
		"endless blob":          {registrytest.On("GET", "/blobs/", registrytest.Endless()), 502, nil, ""},
		"oversized manifest":    {registrytest.On("", "/manifests/", registrytest.Oversized(2<<20, false)), 422, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := registrytest.Open(t)
			ref, _, _ := publish(t, registry, nil)
			registry.Break(tt.fault)
			d := start(t, options{})
			before := tree(t, filepath.Join(d.data, "store"))
			ask := map[string]func(d *daemon) answer{
				"content": func(d *daemon) answer { return d.content(ref) },
				"install": func(d *daemon) answer {
					return d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}})
				},
			}
			var both sync.WaitGroup
			for what, send := range ask {
				both.Go(func() {
					a := send(d)
					assert.Equal(t, tt.status, a.Status, "%s: %s", what, a.Body)
					for _, text := range append(tt.texts, ref) {
						assert.Contains(t, a.Body, text, what)
					}
					assert.Equal(t, tt.retryAfter, a.Header.Get("Retry-After"), what)
				})
			}
			both.Wait()
			assert.Equal(t, before, tree(t, filepath.Join(d.data, "store")), "no tag and no blob is left")
			assert.Empty(t, tree(t, filepath.Join(d.home, ".claude")))
		})
	}
	t.Run("refused connection", func(t *testing.T) {
		t.Parallel()
		d := start(t, options{})
		ref := gone.Addr().String() + "/org/my-skill:1.0"
		d.content(ref).is(502, ref, "refused")
		d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}}).is(502, ref, "refused")
	})
	t.Run("credentials asked for and none there", func(t *testing.T) {
		t.Parallel()
		for _, registry := range []*registrytest.Server{registrytest.WithBasicAuth(t, "ada", "x"), registrytest.WithTokenAuth(t, "ada", "x")} {
			d := start(t, options{})
			ref := registry.Reference(repository, "1.0")
			d.content(ref).is(401, ref)
			d.post(skillsPath, object{"name": ref, "clients": []string{"claude-code"}}).is(401, ref)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		for _, registry := range []*registrytest.Server{registrytest.WithBasicAuth(t, "ada", "x"), registrytest.WithTokenAuth(t, "ada", "x")} {
			d := start(t, options{env: login(t, registry, "ada", "wrong-password")})
			ref := registry.Reference(repository, "1.0")
			a := d.content(ref).is(401, ref)
			assert.NotContains(t, a.Body+d.log.String(), "wrong-password")
			d.mustBuild(makeSkill(t, "my-skill", "1", nil), ref)
			d.post(pushPath, object{"reference": ref}).is(401, ref)
		}
	})
}

func TestPush(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	d := start(t, options{})
	ref := registry.Reference(repository, "1.0")
	d.post(pushPath, object{"reference": ref}).is(404, ref)
	digest := d.mustBuild(makeSkill(t, "my-skill", "1.0", nil), ref)
	d.mustBuild(makeSkill(t, "my-skill", "1.0", nil), "bare")
	d.post(pushPath, object{"reference": "bare"}).is(400, "bare", "full reference")
	d.post(pushPath, object{"reference": ref, "key": "cosign.key"}).is(501, "sign")
	d.post(pushPath, object{"reference": ref, "identity_token": "x"}).is(501, "sign")
	d.post(pushPath, object{}).is(400, "reference")

	d.post(pushPath, object{"reference": ref, "no_sign": true}).is(204)
	uploads := func() (count int) {
		for _, request := range registry.Requests() {
			if request.Method == http.MethodPost {
				count++
			}
		}
		return count
	}
	first := uploads()
	assert.Positive(t, first)
	d.post(pushPath, object{"reference": ref, "no_sign": true}).is(204)
	assert.Equal(t, first, uploads(), "unchanged blobs are not uploaded again")

	// What the registry has is the local artifact, byte for byte.
	index := fetchManifest(t, registry, "1.0")
	assert.Equal(t, digest, fmt.Sprintf("sha256:%x", sha256.Sum256(index)))
	assert.NotContains(t, string(index), "local-build")
	var parsed struct{ Manifests []struct{ Digest string } }
	require.NoError(t, json.Unmarshal(index, &parsed))
	require.Len(t, parsed.Manifests, 2)
	for _, manifest := range parsed.Manifests {
		assert.NotContains(t, string(fetchManifest(t, registry, manifest.Digest)), "local-build")
	}
	registry.Break(registrytest.Status(503, "UNAVAILABLE", "closed today"))
	d.post(pushPath, object{"reference": ref}).is(502, ref, "503")
	registry.Break(registrytest.RateLimit("55"))
	assert.Equal(t, "55", d.post(pushPath, object{"reference": ref}).is(429, ref).Header.Get("Retry-After"))
}

// fetchManifest gets a manifest as any client does.
func fetchManifest(t *testing.T, registry *registrytest.Server, reference string) []byte {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+registry.Host+"/v2/"+repository+"/manifests/"+reference, nil)
	require.NoError(t, err)
	request.Header["Accept"] = []string{"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode, "%s", body)
	return body
}

// TestBuildsAfterPulls mixes builds and pulls of the same content.
func TestBuildsAfterPulls(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, dir, digest := publish(t, registry, nil)
	d := start(t, options{})
	d.mustBuild(dir, "mine")
	d.content(ref).is(200)
	d.mustInstall(object{"name": ref})
	want := []buildItem{{"mine", digest, "my-skill", "What my-skill does.", "1.0"}}
	assert.Equal(t, want, d.builds(), "what was built here and pulled elsewhere shows once")
	d.stop()
	d.launch(options{})
	assert.Equal(t, want, d.builds())

	d.del(buildsPath + "/mine").is(204)
	assert.Empty(t, d.builds())
	d.content(ref).is(200)
	d.del(skillsPath + "/my-skill").is(204)
	d.post(skillsPath, object{"name": "my-skill", "clients": []string{"claude-code"}}).is(404)
}

func TestStaleCache(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, _, _ := publish(t, registry, nil)
	d := start(t, options{})
	d.content(ref).is(200)
	d.stop()
	registry.Break(registrytest.Status(503, "UNAVAILABLE", "closed today"))
	// A new process asks again about each tag.
	d.launch(options{})
	assert.Equal(t, `110 - "Response is Stale"`, d.content(ref).is(200).Header.Get("Warning"))
	registry.Break(nil)
	assert.Empty(t, d.content(ref).is(200).Header.Get("Warning"))
}

// TestCacheHeals deletes a pulled blob by hand: the registry still has it.
func TestCacheHeals(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, dir, digest := publish(t, registry, nil)
	byDigest := registry.Host + "/" + repository + "@" + digest
	d := start(t, options{})
	d.content(ref).is(200)
	d.content(byDigest).is(200)
	blobs := filepath.Join(d.data, "store", "blobs", "sha256")
	for name := range tree(t, blobs) {
		d.stop()
		require.NoError(t, os.Remove(filepath.Join(blobs, name)))
		d.launch(options{})
		d.content(ref).is(200)
		assert.FileExists(t, filepath.Join(blobs, name))
	}
	d.content(byDigest).is(200)
	d.mustInstall(object{"name": ref})
	assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
}

// TestBrokenCredentials names what is wrong with the machine's credentials.
func TestBrokenCredentials(t *testing.T) {
	t.Parallel()
	registry := registrytest.WithBasicAuth(t, "ada", "x")
	ref := registry.Reference(repository, "1.0")
	for name, config := range map[string]string{
		"a helper that is not there": `{"credsStore":"nonesuch"}`,
		"a file that is not JSON":    `{garbage`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{"config.json": config})
			d := start(t, options{env: []string{"DOCKER_CONFIG=" + dir}})
			d.content(ref).is(401, ref, "credentials")
		})
	}
}

func TestManyRequestsOnePull(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, _, _ := publish(t, registry, nil)
	registry.Forget()
	d := start(t, options{})
	var clients sync.WaitGroup
	for range 100 {
		clients.Go(func() { assert.Equal(t, 200, d.content(ref).Status) })
	}
	clients.Wait()
	blobs := make(map[string]int)
	for _, request := range registry.Requests() {
		if request.Method == http.MethodGet && strings.Contains(request.Path, "/blobs/") {
			blobs[request.Path]++
		}
	}
	assert.Len(t, blobs, 3, "two configs and a layer")
	for path, count := range blobs {
		assert.Equal(t, 1, count, path)
	}
}

// TestForeignArtifacts installs, or refuses, what other tools pushed.
func TestForeignArtifacts(t *testing.T) {
	t.Parallel()
	registry := registrytest.Open(t)
	ref, dir, _ := publish(t, registry, nil)
	d := start(t, options{})
	t.Run("the name of another repository", func(t *testing.T) {
		d := d.with(t)
		other := registry.Reference("org/other-skill", "1.0")
		builder := start(t, options{})
		builder.mustBuild(makeSkill(t, "my-skill", "1.0", nil), other)
		builder.post(pushPath, object{"reference": other}).is(204)
		d.content(other).is(200, `"name":"my-skill"`)
		d.post(skillsPath, object{"name": other, "clients": []string{"claude-code"}}).is(422, "my-skill", "other-skill")
		assert.Empty(t, d.skills(""))
	})
	t.Run("copied by skopeo, in and out", func(t *testing.T) {
		if _, err := exec.LookPath("skopeo"); err != nil {
			t.Skip("skopeo is not installed")
		}
		d := d.with(t)
		layout := filepath.Join(t.TempDir(), "layout")
		skopeo(t, "copy", "--all", "--src-tls-verify=false", "docker://"+ref, "oci:"+layout+":1.0")
		assert.FileExists(t, filepath.Join(layout, "index.json"))
		copied := registry.Reference("copies/my-skill", "2.0")
		skopeo(t, "copy", "--all", "--dest-tls-verify=false", "oci:"+layout+":1.0", "docker://"+copied)
		d.mustInstall(object{"name": copied})
		assert.Equal(t, tree(t, dir), tree(t, d.claude("my-skill")))
	})
}

func skopeo(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("skopeo", append([]string{"--insecure-policy"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestMemory packages, pushes, pulls and installs 90 MiB and looks at how far
// the daemons' memory rose.
func TestMemory(t *testing.T) {
	t.Parallel()
	if raceFlags != nil {
		t.Skip("the race detector multiplies memory")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("needs /proc")
	}
	registry := registrytest.Open(t)
	ref := registry.Reference("org/big-skill", "1.0")
	dir := makeSkill(t, "big-skill", "1.0", nil)
	large(t, filepath.Join(dir, "large.bin"), 90<<20)

	const most = 64 << 20
	builder := start(t, options{})
	idle := builder.peakMemory()
	builder.mustBuild(dir, ref)
	assert.Less(t, builder.peakMemory()-idle, int64(most), "the build")
	builder.post(pushPath, object{"reference": ref}).is(204)
	assert.Less(t, builder.peakMemory()-idle, int64(most), "the push")

	d := start(t, options{})
	idle = d.peakMemory()
	d.content(ref).is(200)
	assert.Less(t, d.peakMemory()-idle, int64(most), "the pull")
	d.mustInstall(object{"name": ref})
	assert.Less(t, d.peakMemory()-idle, int64(most), "the installation")
	t.Logf("pull and installation of 90 MiB: %d MiB more at the peak", (d.peakMemory()-idle)>>20)
}

// large writes a file that compresses to about a quarter: noise and zeros.
func large(t *testing.T, file string, size int) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	noise := rand.NewChaCha8([32]byte{})
	block := make([]byte, 1<<20)
	for written := 0; written < size; written += len(block) {
		_, _ = noise.Read(block[:len(block)/4])
		_, err := f.Write(block)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

// peakMemory returns the most memory that the daemon has used so far, in bytes.
func (d *daemon) peakMemory() int64 {
	d.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.command.Process.Pid))
	require.NoError(d.t, err)
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	require.True(d.t, found)
	var kilobytes int64
	_, err = fmt.Sscan(rest, &kilobytes)
	require.NoError(d.t, err)
	return kilobytes << 10
}
