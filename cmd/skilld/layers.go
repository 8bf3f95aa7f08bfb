// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// envPrefix begins the name of every environment variable.
const envPrefix = "SKILLD_"

// sourceAnnotation says where a flag's value is from.
const sourceAnnotation = "skilld_source"

// The layers, first the one that wins.
const (
	fromFlag    = "flag"
	fromEnv     = "environment"
	fromFile    = "file"
	fromDefault = "default"
)

// fill gives each flag that the command line leaves out its value from the
// environment or else, where the command has --config, from the configuration
// file, and notes where each is from. Values are replaced, never merged.
func fill(flags *pflag.FlagSet) error {
	flags.Visit(func(flag *pflag.Flag) { setSource(flag, fromFlag, "--"+flag.Name) })
	if err := fillFromEnv(flags); err != nil {
		return err
	}
	if err := absolutePaths(flags); err != nil {
		return err
	}
	path, err := configFile(flags)
	if err != nil || path == "" {
		return err
	}
	return fillFromFile(flags, path)
}

// source returns the layer that the flag's value is from, and which flag,
// variable or line of the file that was.
func source(flag *pflag.Flag) (layer, where string) {
	if values, ok := flag.Annotations[sourceAnnotation]; ok {
		return values[0], values[1]
	}
	return fromDefault, ""
}

func setSource(flag *pflag.Flag, layer, where string) {
	annotate(flag, sourceAnnotation, layer, where)
}

// fillFromEnv sets each flag that has no value from its environment variable,
// SKILLD_ and the flag's name in capitals. An empty variable counts as unset; a
// list is separated by commas.
func fillFromEnv(flags *pflag.FlagSet) error {
	var failures []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := variableOf(flag)
		text := os.Getenv(variable)
		if flag.Changed || text == "" || flag.Name == "help" {
			return
		}
		if err := set(flag, text); err != nil {
			failures = append(failures, fmt.Errorf("environment variable %s: %w", variable, err))
			return
		}
		setSource(flag, fromEnv, variable)
	})
	return errors.Join(failures...)
}

func variableOf(flag *pflag.Flag) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

// set sets the flag and says what would be right if it cannot.
func set(flag *pflag.Flag, text string) error {
	err := flag.Value.Set(text)
	switch {
	case err == nil:
		return nil
	case flag.Value.Type() == "bool":
		return fmt.Errorf("%q must be true or false", text)
	default:
		return fmt.Errorf("%q %w", text, err)
	}
}

// absolutePaths makes the paths absolute that the flags have so far, as seen
// from the folder that the process was started in.
func absolutePaths(flags *pflag.FlagSet) error {
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	var failures []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if list, ok := flag.Value.(pflag.SliceValue); ok && slices.Contains(list.GetSlice(), "") {
			_, where := source(flag)
			failures = append(failures, fmt.Errorf("%s: an entry of the list is empty", where))
			return
		}
		failures = append(failures, makeAbsolute(flag, folder))
	})
	return errors.Join(failures...)
}
