// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Look at the configuration",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(configPrintCommand())
	return cmd
}

func configPrintCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print every setting, its value and where that is from",
		Long: "Print every setting, its value and where that is from: a flag, the environment, a line of the\n" +
			"configuration file, or the default. It takes the flags of serve. What it prints can be used as\n" +
			"a configuration file; only passwords and queries of URLs are masked.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := configFile(cmd.Flags())
			if err != nil {
				return err
			}
			effective := effectiveConfig{File: path, Settings: effectiveSettings(cmd.Flags())}
			if asJSON {
				return effective.printJSON(cmd.OutOrStdout())
			}
			return effective.printYAML(cmd.OutOrStdout())
		},
	}
	new(config).addServeFlags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// effectiveConfig is what the daemon would work with.
type effectiveConfig struct {
	// File is the configuration file that was read; empty if none was.
	File     string             `json:"config_file"`
	Settings []effectiveSetting `json:"settings"`
}

type effectiveSetting struct {
	Name string `json:"name"`
	// Value is a string, a whole number, a bool or a list of strings.
	Value any `json:"value"`
	// Source is "flag", "environment", "file" or "default".
	Source string `json:"source"`
	// Where is the flag, the variable, or the file and its line.
	Where string `json:"where,omitempty"`
	// Masked says that Value has no longer the password or query that it should have.
	Masked bool `json:"masked,omitempty"`
}

// effectiveSettings returns every setting in the order in which they are
// defined.
func effectiveSettings(flags *pflag.FlagSet) []effectiveSetting {
	var found []effectiveSetting
	settings().VisitAll(func(known *pflag.Flag) {
		flag := flags.Lookup(known.Name)
		layer, where := source(flag)
		setting := effectiveSetting{Name: flag.Name, Value: valueOf(flag), Source: layer, Where: where}
		if text, ok := setting.Value.(string); ok {
			setting.Value, setting.Masked = mask(text)
		}
		found = append(found, setting)
	})
	return found
}

// valueOf returns the flag's value as JSON and YAML have it.
func valueOf(flag *pflag.Flag) any {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		// Never null.
		return append([]string{}, list.GetSlice()...)
	}
	text := flag.Value.String()
	switch flag.Value.Type() {
	case "int":
		if number, err := strconv.Atoi(text); err == nil {
			return number
		}
	case "bool":
		return text == "true"
	}
	return text
}

// mask hides the password of a URL, or the user name where there is only one,
// and the query: they are often tokens.
func mask(text string) (masked string, changed bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User == nil && u.RawQuery == "" {
		return text, false
	}
	if u.User != nil {
		if _, ok := u.User.Password(); !ok {
			u.User = url.User("xxxxx")
		}
	}
	if u.RawQuery != "" {
		u.RawQuery = "xxxxx"
	}
	return u.Redacted(), true
}

func (c effectiveConfig) printJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(c)
}

func (c effectiveConfig) printYAML(out io.Writer) error {
	document := &yaml.Node{Kind: yaml.MappingNode, HeadComment: "# No configuration file was read.\n"}
	if c.File != "" {
		document.HeadComment = fmt.Sprintf("# The configuration file is %q.\n", c.File)
	}
	for _, setting := range c.Settings {
		var key, value yaml.Node
		key.SetString(setting.Name)
		if err := value.Encode(setting.Value); err != nil {
			return err
		}
		value.Style |= yaml.FlowStyle
		value.LineComment = "# " + setting.comment()
		document.Content = append(document.Content, &key, &value)
	}
	encoder := yaml.NewEncoder(out)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	return encoder.Close()
}

// comment says where the value is from, on one line whatever a file is called.
func (s effectiveSetting) comment() string {
	where := s.Where
	if s.Source == fromFile {
		where = strconv.Quote(where)
	}
	text := strings.TrimSpace(s.Source + " " + where)
	if s.Masked {
		text += "; masked"
	}
	return text
}
