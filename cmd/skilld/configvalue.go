// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// setFromYAML sets the flag to a value of the configuration file. Relative
// paths are relative to the folder.
func setFromYAML(flag *pflag.Flag, value *yaml.Node, folder string) error {
	if hasAlias(value) {
		return fmt.Errorf("%s: aliases are not read here; write the value itself", flag.Name)
	}
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		entries, err := listFromYAML(flag.Name, value)
		if err != nil {
			return err
		}
		if err := list.Replace(entries); err != nil {
			return err
		}
		return makeAbsolute(flag, folder)
	}
	kind := flag.Value.Type()
	form := map[string]struct{ tag, says, example string }{
		"string": {"!!str", "a string", `"text"`},
		"int":    {"!!int", "a whole number", "8080"},
		"bool":   {"!!bool", "true or false", "true"},
	}[kind]
	switch {
	case isEmpty(value):
		return fmt.Errorf("%s has no value; write one, or take the line out", flag.Name)
	case value.Kind != yaml.ScalarNode, value.ShortTag() != form.tag:
		if kind == "string" && value.Kind == yaml.ScalarNode {
			return fmt.Errorf("%s must be a string: %s: %q", flag.Name, flag.Name, value.Value)
		}
		return fmt.Errorf("%s must be %s, such as `%s: %s`", flag.Name, form.says, flag.Name, form.example)
	}
	if err := set(flag, value.Value); err != nil {
		return fmt.Errorf("%s: %w", flag.Name, err)
	}
	return makeAbsolute(flag, folder)
}

// listFromYAML returns the strings of a list.
func listFromYAML(name string, value *yaml.Node) ([]string, error) {
	if isEmpty(value) {
		return nil, fmt.Errorf("%s has no value; write a list, or take the line out", name)
	}
	wrong := fmt.Errorf("%s must be a list of strings, such as `%s: [\"one\", \"two\"]`", name, name)
	if value.Kind != yaml.SequenceNode {
		return nil, wrong
	}
	entries := make([]string, 0, len(value.Content))
	for _, node := range value.Content {
		if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
			return nil, wrong
		}
		if node.Value == "" {
			return nil, fmt.Errorf("%s: an entry of the list is empty", name)
		}
		entries = append(entries, node.Value)
	}
	return entries, nil
}

// hasAlias reports whether the value is, or lists, an alias.
func hasAlias(value *yaml.Node) bool {
	return value.Kind == yaml.AliasNode || slices.ContainsFunc(value.Content, hasAlias)
}

// isEmpty reports whether a key stands without a value, or with null.
func isEmpty(value *yaml.Node) bool {
	return value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null"
}
