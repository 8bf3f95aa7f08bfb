// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// complete tells the shell what to offer for the flags of the command and of
// those below it: the values of a choice, folders, files, or nothing.
func complete(cmd *cobra.Command) {
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		var offer cobra.CompletionFunc
		switch kind, _ := pathKind(flag); {
		case kind == aFolder:
			offer = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
		case flag.Name == configFlag:
			offer = cobra.FixedCompletions([]cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt)
		case kind == aFile:
			offer = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
		default:
			options, ok := flag.Value.(*choice)
			if !ok {
				return
			}
			offer = cobra.FixedCompletions(options.options, cobra.ShellCompDirectiveNoFileComp)
		}
		// It fails for a flag that does not exist or has one already.
		if err := cmd.RegisterFlagCompletionFunc(flag.Name, offer); err != nil {
			panic(err)
		}
	})
	for _, child := range cmd.Commands() {
		complete(child)
	}
}
