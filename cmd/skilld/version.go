// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// What this binary was built from, as the linker is told in release builds
// (-X main.version=…); elsewhere Go notes it itself, or nobody knows.
var (
	version string
	commit  string
	// commitTime is in RFC 3339.
	commitTime string
	// dirty is "true" or "false".
	dirty string
)

// build is what a binary was built from and for.
type build struct {
	Version string `json:"version"`
	// Commit, CommitTime and Dirty are left out where nobody knows.
	Commit     string     `json:"commit,omitempty"`
	CommitTime *time.Time `json:"commit_time,omitempty"`
	// Dirty says that there were changes besides the commit.
	Dirty     *bool  `json:"dirty,omitempty"`
	GoVersion string `json:"go_version"`
	Platform  string `json:"platform"`
}

// release returns the release that this binary is: what the linker was told,
// else the module's version where it was installed as a module, else "dev".
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" && info.Main.Version != "(devel)" {
		return cmp.Or(info.Main.Version, "dev")
	}
	return cmp.Or(version, "dev")
}

// thisBuild returns what this binary was built from and for.
func thisBuild() build {
	noted := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			noted[setting.Key] = setting.Value
		}
	}
	b := build{
		Version:   release(),
		Commit:    cmp.Or(commit, noted["vcs.revision"]),
		GoVersion: runtime.Version(),
		Platform:  runtime.GOOS + "/" + runtime.GOARCH,
	}
	if at, err := time.Parse(time.RFC3339, cmp.Or(commitTime, noted["vcs.time"])); err == nil {
		at = at.UTC()
		b.CommitTime = &at
	}
	if changed, err := strconv.ParseBool(cmp.Or(dirty, noted["vcs.modified"])); err == nil {
		b.Dirty = &changed
	}
	return b
}

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(thisBuild())
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "skilld", release())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the commit, Go's version and the platform")
	return cmd
}
