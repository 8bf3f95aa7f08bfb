// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// pathAnnotation is on the flags whose values are paths.
const pathAnnotation = "skilld_path"

// What a path is of.
const (
	aFile   = "file"
	aFolder = "folder"
)

// mark notes that the values of these flags are paths.
func mark(flags *pflag.FlagSet, kind string, names ...string) {
	for _, name := range names {
		annotate(flags.Lookup(name), pathAnnotation, kind)
	}
}

func annotate(flag *pflag.Flag, key string, values ...string) {
	if flag.Annotations == nil {
		flag.Annotations = map[string][]string{}
	}
	flag.Annotations[key] = values
}

// pathKind returns what the flag's value is a path of.
func pathKind(flag *pflag.Flag) (kind string, ok bool) {
	values, ok := flag.Annotations[pathAnnotation]
	if !ok {
		return "", false
	}
	return values[0], true
}

// makeAbsolute makes the flag's paths absolute, so that they mean the same to
// the daemon, to its log and to whoever copies what "config print" says.
// Relative ones are below the folder, and those that begin with "~/" are below
// the user's home folder: shells say so on the command line only.
func makeAbsolute(flag *pflag.Flag, folder string) error {
	if _, ok := pathKind(flag); !ok {
		return nil
	}
	list, ok := flag.Value.(pflag.SliceValue)
	if !ok {
		path, err := absolutePath(folder, flag.Value.String())
		if err != nil {
			return err
		}
		return flag.Value.Set(path)
	}
	paths := slices.Clone(list.GetSlice())
	for i := range paths {
		var err error
		if paths[i], err = absolutePath(folder, paths[i]); err != nil {
			return err
		}
	}
	return list.Replace(paths)
}

// absolutePath leaves alone what is no path: nothing at all, and the URL that a
// catalogue may have.
func absolutePath(folder, path string) (string, error) {
	if path == "" || strings.Contains(path, "://") {
		return path, nil
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("what %q means cannot be told: %w", path, err)
		}
		return filepath.Join(home, rest), nil
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return filepath.Join(folder, path), nil
}
