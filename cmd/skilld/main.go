// SPDX-License-Identifier: Apache-2.0

// Command skilld is a daemon with an HTTP API that packages, stores, previews
// and installs Agent Skills.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	if err := rootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "skilld:", err)
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "skilld",
		Short:         "Package, store, preview and install Agent Skills over an HTTP API",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fill(cmd.Flags())
		},
	}
	root.AddCommand(serveCommand(), healthcheckCommand(), storeCommand(), configCommand(), versionCommand())
	complete(root)
	return root
}
