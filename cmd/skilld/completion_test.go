// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	const (
		nothing = cobra.ShellCompDirectiveNoFileComp
		files   = cobra.ShellCompDirectiveDefault
		folders = cobra.ShellCompDirectiveFilterDirs
		ending  = cobra.ShellCompDirectiveFilterFileExt
	)
	for line, test := range map[string]struct {
		offers    []string
		directive cobra.ShellCompDirective
	}{
		"serve --log-level ":        {[]string{"debug", "info", "warn", "error"}, nothing},
		"serve --log-format ":       {[]string{"text", "json"}, nothing},
		"config print --log-level ": {[]string{"debug", "info", "warn", "error"}, nothing},
		"serve --data-dir ":         {nil, folders},
		"serve --allow-path ":       {nil, folders},
		"store verify --data-dir ":  {nil, folders},
		"serve --auth-token-file ":  {nil, files},
		"serve --catalog ":          {nil, files},
		"healthcheck --socket ":     {nil, files},
		"serve --config ":           {[]string{"yaml", "yml"}, ending},
		"serve --port ":             {nil, nothing},
		"serve ":                    {nil, nothing},
		"version ":                  {nil, nothing},
		"store ver":                 {[]string{"verify"}, nothing},
		"config ":                   {[]string{"print"}, nothing},
		"he":                        {[]string{"healthcheck", "help"}, nothing},
		"completion bash ":          {nil, nothing},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "SKILLD_PORT=not asked for")
			m.write(t, ".config/skilld/config.yaml", "broken")
			printed := m.run(t, append([]string{"__completeNoDesc"}, strings.Split(line, " ")...)...)
			lines := strings.Split(strings.TrimSpace(printed), "\n")
			last := len(lines) - 1
			require.Equal(t, ":", lines[last][:1], "%s", printed)
			directive, err := strconv.Atoi(lines[last][1:])
			require.NoError(t, err)
			assert.ElementsMatch(t, test.offers, lines[:last])
			assert.Equal(t, test.directive, cobra.ShellCompDirective(directive))
		})
	}
}
