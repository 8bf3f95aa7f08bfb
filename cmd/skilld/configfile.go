// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

const (
	// configFlag names the configuration file.
	configFlag = "config"
	// maxConfigFile bounds the configuration file, in bytes.
	maxConfigFile = 1 << 20
)

// defaultConfigFile is the file that is read, if it exists, where none is named.
func defaultConfigFile() string { return filepath.Join(xdg.ConfigHome, "skilld", "config.yaml") }

// configFile returns the absolute path of the configuration file to read, or
// nothing if there is none. Only a file that nobody named may be missing.
func configFile(flags *pflag.FlagSet) (string, error) {
	flag := flags.Lookup(configFlag)
	if flag == nil || flag.Value.String() == "" {
		return "", nil
	}
	path := flag.Value.String()
	layer, where := source(flag)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", fmt.Errorf("the configuration file %s is a folder", path)
	case err == nil:
		return path, nil
	case layer != fromDefault:
		return "", fmt.Errorf("%s names a configuration file that cannot be read: %w", where, err)
	case isLink(path):
		return "", fmt.Errorf("the configuration file %s is a symbolic link that leads nowhere", path)
	// A home folder may be a file, /dev/null say.
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	default:
		return "", fmt.Errorf("looking for the configuration file: %w", err)
	}
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// fillFromFile sets each flag that has no value from the file. All of the file
// must be right, including what other commands read.
func fillFromFile(flags *pflag.FlagSet, path string) error {
	document, err := readConfigFile(path)
	if err != nil {
		return err
	}
	known := settings()
	var failures []error
	for i := 0; i+1 < len(document.Content); i += 2 {
		key, value := document.Content[i], document.Content[i+1]
		where := fmt.Sprintf("%s:%d", path, key.Line)
		if err := fillFromLine(flags, known, key.Value, value, where); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", where, err))
		}
	}
	return errors.Join(failures...)
}

// fillFromLine sets the known setting of that name, which shows whether the
// value is right, and then the flag, if there is one without a value.
func fillFromLine(flags, known *pflag.FlagSet, name string, value *yaml.Node, where string) error {
	setting := known.Lookup(name)
	if setting == nil {
		return unknownKey(known, name)
	}
	if layer, earlier := source(setting); layer == fromFile {
		return fmt.Errorf("%q is in %s already; keep one of them", name, earlier)
	}
	for _, flag := range []*pflag.Flag{setting, flags.Lookup(name)} {
		if flag == nil {
			continue
		}
		if layer, _ := source(flag); layer != fromDefault {
			continue
		}
		if err := setFromYAML(flag, value, filepath.Dir(where)); err != nil {
			return err
		}
		setSource(flag, fromFile, where)
	}
	return nil
}

// readConfigFile returns the file's only document, which is a mapping; an empty
// one if the file has nothing but comments.
func readConfigFile(path string) (*yaml.Node, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration file: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err = decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document begins; keep one", path, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	root := document.Content[0]
	if isEmpty(root) {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: a configuration is lines of `key: value`, such as `port: 8080`", path, root.Line)
	}
	return root, nil
}

func readBounded(path string) (_ []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err := io.ReadAll(io.LimitReader(file, maxConfigFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfigFile {
		return nil, fmt.Errorf("%s has over %d bytes", path, maxConfigFile)
	}
	return text, nil
}

// unknownKey says what the key may have been meant to be.
func unknownKey(known *pflag.FlagSet, key string) error {
	// Commands suggest each other; so may keys.
	keys := &cobra.Command{SuggestionsMinimumDistance: 2}
	known.VisitAll(func(flag *pflag.Flag) {
		keys.AddCommand(&cobra.Command{Use: flag.Name, Run: func(*cobra.Command, []string) {}})
	})
	if similar := keys.SuggestionsFor(key); key != "" && len(similar) > 0 {
		return fmt.Errorf("%q is not a setting; did you mean %s?", key, strings.Join(similar, " or "))
	}
	return fmt.Errorf("%q is not a setting; `skilld config print` shows all there are", key)
}
