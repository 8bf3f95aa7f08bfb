// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refused runs a daemon that is not to start, and returns what it says.
func refused(t *testing.T, opts options) string {
	t.Helper()
	d := newDaemon(t, opts)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary, append([]string{"serve", "--port", "0", "--data-dir", d.data}, opts.flags...)...)
	command.Env = d.environment(opts.env)
	output, err := command.CombinedOutput()
	secrets.watch(t.Name(), text(output))
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", output)
	assert.Equal(t, 1, exit.ExitCode(), "%s", output)
	return string(output)
}

func tokenFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(text), mode))
	return file
}

func TestSecondDaemonNamesTheFirst(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	said := refused(t, options{data: d.data, home: d.home})
	assert.Contains(t, said, fmt.Sprintf("process %d", d.command.Process.Pid))
	assert.Contains(t, said, d.data)
	d.get(skillsPath).is(200)

	d.kill()
	d.launch(options{})
	d.get(skillsPath).is(200)
}

func TestExposedDaemonNeedsAuthentication(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"0.0.0.0", "::", ""} {
		said := refused(t, options{flags: []string{"--host", host}})
		for _, way := range []string{"--auth-token-file", "--oidc-issuer", "--socket", "--insecure-no-auth"} {
			assert.Contains(t, said, way, "host %q", host)
		}
	}
	t.Run("insisting", func(t *testing.T) {
		t.Parallel()
		d := start(t, options{flags: []string{"--host", "0.0.0.0", "--insecure-no-auth"}})
		d.get(skillsPath).is(200)
		assert.Contains(t, d.log.String(), "there is no authentication")
	})
	t.Run("insisting by the environment", func(t *testing.T) {
		t.Parallel()
		d := start(t, options{flags: []string{"--host", "0.0.0.0"}, env: []string{"SKILLD_INSECURE_NO_AUTH=true"}})
		d.get(skillsPath).is(200)
	})
	t.Run("with a token", func(t *testing.T) {
		t.Parallel()
		d := start(t, options{token: "abc-token", flags: []string{"--host", "0.0.0.0", "--auth-token-file", tokenFile(t, "abc-token\n", 0o600)}})
		d.get(skillsPath).is(200)
		assert.NotContains(t, d.log.String(), "no authentication")
		assert.NotContains(t, d.log.String(), "abc-token", "a token is in no log")
	})
	t.Run("a socket", func(t *testing.T) {
		t.Parallel()
		dir, err := os.MkdirTemp("", "s")
		require.NoError(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		d := start(t, options{flags: []string{"--host", "0.0.0.0", "--socket", filepath.Join(dir, "s")}})
		d.get(skillsPath).is(200)
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	d := start(t, options{token: "s3cret-token", flags: []string{"--auth-token-file", tokenFile(t, "s3cret-token", 0o644)}})
	assert.Contains(t, d.log.String(), "chmod 600", "a file that others can read is worth a warning")
	a := d.send(http.MethodGet, skillsPath, "", http.Header{"Authorization": nil}).is(401, "bearer token")
	assert.Equal(t, `Bearer realm="skilld"`, a.Header.Get("WWW-Authenticate"))
	d.send(http.MethodGet, skillsPath, "", http.Header{"Authorization": {"Bearer wrong-token"}}).is(401)
	d.send(http.MethodGet, "/health", "", http.Header{"Authorization": nil}).is(204)
	d.get(skillsPath).is(200)
	assert.NotContains(t, d.log.String(), "s3cret")

	for name, text := range map[string]string{"empty": "\n", "two words": "one two"} {
		assert.Contains(t, refused(t, options{flags: []string{"--auth-token-file", tokenFile(t, text, 0o600)}}), "token", name)
	}
	assert.Contains(t, refused(t, options{flags: []string{"--auth-token-file", "/nowhere/token"}}), "/nowhere/token")
}

// TestOIDC starts with the provider down, and with a static token besides.
func TestOIDC(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	var provider oidctest.Server
	provider.PublicKeys = []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "one", Algorithm: oidc.RS256}}
	server := httptest.NewUnstartedServer(&provider)
	issuer := "http://" + server.Listener.Addr().String()
	provider.SetIssuer(issuer)
	t.Cleanup(server.Close)
	sign := func(audience string) string {
		return oidctest.SignIDToken(key, "one", oidc.RS256,
			fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"ada","exp":%d}`, issuer, audience, time.Now().Add(time.Hour).Unix()))
	}
	d := start(t, options{token: "abc-token", flags: []string{
		"--oidc-issuer", issuer, "--oidc-audience", "skilld", "--auth-token-file", tokenFile(t, "abc-token", 0o600),
	}})
	with := func(token string) answer {
		t.Helper()
		return d.send(http.MethodGet, skillsPath, "", http.Header{"Authorization": {"Bearer " + token}})
	}
	d.get(skillsPath).is(200)
	with("wrong-token").is(401)
	server.Start()
	with(sign("skilld")).is(200)
	with(sign("other")).is(401, "other")
	with(strings.TrimSuffix(sign("skilld"), "A") + "AAAA").is(401)
	d.get(skillsPath).is(200)

	for _, flags := range [][]string{
		{"--oidc-issuer", issuer}, {"--oidc-audience", "skilld"}, {"--oidc-issuer", "http://idp.example.com", "--oidc-audience", "skilld"},
	} {
		assert.Contains(t, strings.ToLower(refused(t, options{flags: flags})), "oidc")
	}
}

func TestAllowPath(t *testing.T) {
	t.Parallel()
	allowed := t.TempDir()
	d := start(t, options{flags: []string{"--allow-path", allowed, "--allow-path", t.TempDir()}})
	inside := filepath.Join(allowed, "my-skill")
	outside := makeSkill(t, "my-skill", "1", nil)
	writeFiles(t, inside, tree(t, outside))
	d.post(skillsPath+"/validate", object{"path": inside}).is(200, `"valid":true`)
	d.mustBuild(inside, "my-skill")
	d.post(skillsPath+"/validate", object{"path": outside}).is(403, outside, "--allow-path")
	d.post(buildPath, object{"path": outside}).is(403, outside)
	project := object{"name": "my-skill", "scope": "project", "project_root": filepath.Dir(outside), "clients": []string{"claude-code"}}
	d.post(skillsPath, project).is(403, filepath.Dir(outside))
	assert.NoDirExists(t, filepath.Join(filepath.Dir(outside), ".claude"))
	d.send(http.MethodPut, registryPath+"/default", `{"local_path":"/etc/hostname"}`, http.Header{"Content-Type": {"application/json"}}).is(403, "/etc/hostname")
	project["project_root"] = allowed
	d.post(skillsPath, project).is(201)
	d.mustInstall(object{"name": "my-skill"})

	assert.Contains(t, refused(t, options{flags: []string{"--allow-path", filepath.Join(allowed, "gone")}}), "gone")
}
