// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadConfigFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"unknown key":               {"\nprot: 1", `:2: "prot" is not a setting; did you mean port?`},
		"underscores":               {"data_dir: x", `:1: "data_dir" is not a setting; did you mean data-dir?`},
		"a key like no other":       {"colour: blue", ":1: \"colour\" is not a setting; `skilld config print` shows all there are"},
		"a file that names a file":  {"config: other.yaml", `:1: "config" is not a setting`},
		"merge key":                 {"<<: {port: 1}", `:1: "<<" is not a setting`},
		"a list as key":             {"[port]: 1", `:1: "" is not a setting`},
		"a key twice":               {"port: 1\nhost: a\nport: 2", `config.yaml:1 already; keep one of them`},
		"a number in quotes":        {`port: "80"`, ":1: port must be a whole number, such as `port: 8080`"},
		"a fraction":                {"port: 80.5", ":1: port must be a whole number"},
		"too high a number":         {"port: 65536", `:1: port: "65536" must be a whole number from 0 to 65535`},
		"a number for a string":     {"oidc-audience: 5", `:1: oidc-audience must be a string: oidc-audience: "5"`},
		"a list for a string":       {"host: [a]", ":1: host must be a string, such as `host: \"text\"`"},
		"a string for a list":       {"allow-host: a", ":1: allow-host must be a list of strings, such as `allow-host: [\"one\", \"two\"]`"},
		"a number in a list":        {"allow-host: [1]", ":1: allow-host must be a list of strings"},
		"an empty entry in a list":  {"allow-path: ['']", ":1: allow-path: an entry of the list is empty"},
		"neither true nor false":    {"allow-private-hosts: yes", ":1: allow-private-hosts must be true or false"},
		"no such level":             {"log-level: loud", `:1: log-level: "loud" must be debug, info, warn or error`},
		"no value":                  {"auth-token-file:", ":1: auth-token-file has no value; write one, or take the line out"},
		"no list":                   {"allow-path: ~", ":1: allow-path has no value; write a list, or take the line out"},
		"no folder":                 {"data-dir: ''", ":1: data-dir: \"\" must name a folder"},
		"an alias":                  {"host: &a x\nsocket: *a", ":2: socket: aliases are not read here"},
		"a list of aliases":         {"host: &a x\nallow-host: [*a]", ":2: allow-host: aliases are not read here"},
		"a tag of somebody's":       {"port: !my 80", ":1: port must be a whole number"},
		"two documents":             {"port: 1\n---\nport: 2", ":2: a second document begins; keep one"},
		"a second document, broken": {"port: 1\n---\n{", "line 3"},
		"a list":                    {"- port", ":1: a configuration is lines of `key: value`, such as `port: 8080`"},
		"a word":                    {"port", ":1: a configuration is lines of"},
		"no YAML":                   {"port: 1\n\tx", "line 2"},
		"too large":                 {"#" + strings.Repeat(" ", maxConfigFile), "has over 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			path := m.write(t, ".config/skilld/config.yaml", test.text)
			message := m.fail(t, "config", "print")
			assert.Contains(t, message, test.want)
			assert.Contains(t, message, path)
		})
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "bad.yaml", "prot: 1\nlog-level: loud\nport: [x]\n")
	message := m.fail(t, "healthcheck", "--config", "bad.yaml")
	for _, line := range []string{"bad.yaml:1:", "bad.yaml:2:", "bad.yaml:3:"} {
		assert.Contains(t, message, line, "though healthcheck has no log level")
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "comments": "# port: 1\n", "an empty document": "---\n", "an empty mapping": "{}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.write(t, ".config/skilld/config.yaml", text)
			assert.Equal(t, "default", m.effective(t)["port"].Source)
		})
	}
}

func TestEmptyValuesOfTheFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, ".config/skilld/config.yaml", "catalog: ''\nallow-host: []\n")
	found := m.effective(t)
	assert.Equal(t, effectiveSetting{Name: "catalog", Value: "", Source: "file", Where: filepath.Join(m.home, ".config/skilld/config.yaml:1")}, found["catalog"])
	assert.Equal(t, []any{}, found["allow-host"].Value)
}

func TestTheLargestFileIsRead(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	text := "port: 5\n#"
	m.write(t, "large.yaml", text+strings.Repeat(" ", maxConfigFile-len(text)))
	assert.InDelta(t, 5, m.effective(t, "--config", "large.yaml")["port"].Value, 0)
}

func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	assert.Equal(t, "default", m.effective(t)["port"].Source, "nobody named it")
	assert.Contains(t, m.fail(t, "config", "print", "--config", "none.yaml"), "--config names a configuration file that cannot be read")
	assert.Contains(t, m.fail(t, "config", "print", "--config", "."), "is a folder")
	m.env = []string{"SKILLD_CONFIG=none.yaml"}
	assert.Contains(t, m.fail(t, "serve"), "SKILLD_CONFIG names a configuration file that cannot be read")
	assert.Equal(t, "default", m.effective(t, "--config", "")["port"].Source)

	m = newMachine(t)
	require.NoError(t, os.WriteFile(filepath.Join(m.home, ".config"), nil, 0o600))
	assert.Equal(t, "default", m.effective(t)["port"].Source, "the folder is a file")
}

func TestDefaultConfigFileThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege there")
	}
	m := newMachine(t)
	dir := filepath.Join(m.home, ".config", "skilld")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.Symlink("gone.yaml", filepath.Join(dir, "config.yaml")))
	assert.Contains(t, m.fail(t, "config", "print"), "leads nowhere")
}
