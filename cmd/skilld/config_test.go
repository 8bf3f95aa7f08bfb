// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// effective returns what "config print" says of each setting.
func (m machine) effective(t *testing.T, args ...string) map[string]effectiveSetting {
	t.Helper()
	var printed effectiveConfig
	require.NoError(t, json.Unmarshal([]byte(m.run(t, append([]string{"config", "print", "--json"}, args...)...)), &printed))
	found := map[string]effectiveSetting{}
	for _, setting := range printed.Settings {
		found[setting.Name] = setting
	}
	return found
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	const file = "port: 3\nallow-host: [file.example]\nallow-private-hosts: true\n"
	for name, test := range map[string]struct {
		env, args []string
		setting   string
		value     any
		layer     string
		where     string
	}{
		"default":                               {nil, nil, "host", "127.0.0.1", "default", ""},
		"file":                                  {nil, nil, "port", 3.0, "file", "CONFIG:1"},
		"variable before file":                  {[]string{"SKILLD_PORT=2"}, nil, "port", 2.0, "environment", "SKILLD_PORT"},
		"flag before variable":                  {[]string{"SKILLD_PORT=2"}, []string{"--port", "1"}, "port", 1.0, "flag", "--port"},
		"flag with the default's value":         {nil, []string{"--port", "8080"}, "port", 8080.0, "flag", "--port"},
		"flag before file, off":                 {nil, []string{"--allow-private-hosts=false"}, "allow-private-hosts", false, "flag", "--allow-private-hosts"},
		"an empty variable is none":             {[]string{"SKILLD_PORT="}, nil, "port", 3.0, "file", "CONFIG:1"},
		"a list in the file":                    {nil, nil, "allow-host", []any{"file.example"}, "file", "CONFIG:2"},
		"a list in a variable replaces it":      {[]string{"SKILLD_ALLOW_HOST=a,b"}, nil, "allow-host", []any{"a", "b"}, "environment", "SKILLD_ALLOW_HOST"},
		"flags replace the lists below":         {[]string{"SKILLD_ALLOW_HOST=a,b"}, []string{"--allow-host", "c", "--allow-host", "d"}, "allow-host", []any{"c", "d"}, "flag", "--allow-host"},
		"an empty flag empties a list":          {nil, []string{"--allow-host", ""}, "allow-host", []any{}, "flag", "--allow-host"},
		"a level in capitals":                   {[]string{"SKILLD_LOG_LEVEL=WARN"}, nil, "log-level", "warn", "environment", "SKILLD_LOG_LEVEL"},
		"what serve ignores is no setting":      {nil, []string{"--openapi"}, "openapi", nil, "", ""},
		"a password in a URL":                   {nil, []string{"--catalog", "https://me:secret@h.example/c"}, "catalog", "https://me:xxxxx@h.example/c", "flag", "--catalog"},
		"a token for a user name":               {nil, []string{"--catalog", "https://token@h.example/c"}, "catalog", "https://xxxxx@h.example/c", "flag", "--catalog"},
		"a file of another name, in a flag":     {nil, []string{"--config", "other.yaml"}, "port", 4.0, "file", "OTHER:1"},
		"a file of another name, in a variable": {[]string{"SKILLD_CONFIG=other.yaml"}, nil, "port", 4.0, "file", "OTHER:1"},
		"no file at all":                        {nil, []string{"--config", ""}, "port", 8080.0, "default", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, test.env...)
			config := m.write(t, ".config/skilld/config.yaml", file)
			other := m.write(t, "other.yaml", "port: 4\n")
			setting := m.effective(t, test.args...)[test.setting]
			assert.Equal(t, test.value, setting.Value)
			assert.Equal(t, test.layer, setting.Source)
			assert.Equal(t, strings.NewReplacer("CONFIG", config, "OTHER", other).Replace(test.where), setting.Where)
		})
	}
}

func TestPathsAreMadeAbsolute(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "SKILLD_SOCKET=run/skilld.sock", "SKILLD_CATALOG=https://h.example/c.json")
	m.write(t, "etc/skilld.yaml", "data-dir: data\nallow-path: [../src, ~/work, ./~/odd]\nsocket: other.sock\n")
	found := m.effective(t, "--config", "etc/skilld.yaml", "--auth-token-file", "token")
	below := func(parts ...string) string { return filepath.Join(append([]string{m.home}, parts...)...) }
	assert.Equal(t, below("etc", "data"), found["data-dir"].Value, "relative to the file")
	assert.Equal(t, []any{below("src"), below("work"), below("etc", "~", "odd")}, found["allow-path"].Value)
	assert.Equal(t, below("run", "skilld.sock"), found["socket"].Value, "a variable's is relative to the working directory")
	assert.Equal(t, below("token"), found["auth-token-file"].Value, "and so is a flag's")
	assert.Equal(t, "https://h.example/c.json", found["catalog"].Value)
}

func TestConfigPrintIsAConfigurationFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "SKILLD_LOG_FORMAT=json")
	m.write(t, "odd: name\n.yaml", "port: 0\nallow-host: [\"a,b\", \"# c\", 'd: e', \"1\", \"yes\"]\noidc-audience: \"null\"\n")
	printed := m.run(t, "config", "print", "--config", "odd: name\n.yaml", "--insecure-no-auth")
	assert.Contains(t, printed, "port: 0 # file ")
	assert.Contains(t, printed, "log-format: json # environment SKILLD_LOG_FORMAT\n")
	assert.Contains(t, printed, "insecure-no-auth: true # flag --insecure-no-auth\n")
	assert.Contains(t, printed, "host: 127.0.0.1 # default\n")

	again := newMachine(t)
	again.write(t, "printed.yaml", printed)
	want, got := m.effective(t, "--config", "odd: name\n.yaml", "--insecure-no-auth"), again.effective(t, "--config", "printed.yaml")
	require.Len(t, got, len(want))
	for name := range want {
		assert.Equal(t, want[name].Value, got[name].Value, name)
		assert.Equal(t, "file", got[name].Source, name)
	}
}

func TestConfigPrintSaysThatItMasks(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://me:s3cret@h.example/c":        "https://me:xxxxx@h.example/c",
		"https://s3cret@h.example/c":           "https://xxxxx@h.example/c",
		"https://h.example/c?token=s3cret":     "https://h.example/c?xxxxx",
		"https://a:b@h.example/c?token=s3cret": "https://a:xxxxx@h.example/c?xxxxx",
	} {
		printed := newMachine(t).run(t, "config", "print", "--catalog", url)
		assert.NotContains(t, printed, "s3cret")
		assert.Contains(t, printed, "catalog: "+want+" # flag --catalog; masked\n")
	}
}

func TestBadVariables(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "SKILLD_PORT=70000", "SKILLD_INSECURE_NO_AUTH=yes", "SKILLD_LOG_FORMAT=xml", "SKILLD_ALLOW_HOST=a,,b")
	message := m.fail(t, "config", "print")
	assert.Contains(t, message, `environment variable SKILLD_PORT: "70000" must be a whole number from 0 to 65535`)
	assert.Contains(t, message, `environment variable SKILLD_INSECURE_NO_AUTH: "yes" must be true or false`)
	assert.Contains(t, message, `environment variable SKILLD_LOG_FORMAT: "xml" must be text or json`)

	assert.Contains(t, newMachine(t, "SKILLD_ALLOW_HOST=a,,b").fail(t, "config", "print"), "SKILLD_ALLOW_HOST: an entry of the list is empty")
	assert.Contains(t, newMachine(t).fail(t, "serve", "--data-dir", ""), "must name a folder")
}

func TestOtherCommandsReadTheFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, ".config/skilld/config.yaml", "data-dir: /nowhere/at/all\nsocket: /nowhere/skilld.sock\nlog-level: debug\n")
	assert.Contains(t, m.fail(t, "store", "verify"), filepath.FromSlash("/nowhere/at/all"))
	assert.Contains(t, m.fail(t, "healthcheck"), filepath.FromSlash("/nowhere/skilld.sock"))
	m.run(t, "version")
	m.run(t, "completion", "bash")
}
