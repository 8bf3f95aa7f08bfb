// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// choice is a setting that has one of a few values.
type choice struct {
	value   *string
	options []string
}

var _ pflag.Value = (*choice)(nil)

// newChoice sets value to its default and returns the setting.
func newChoice(value *string, initial string, options ...string) *choice {
	*value = initial
	return &choice{value: value, options: options}
}

// Set takes one of the options, in small letters or capitals.
func (c *choice) Set(text string) error {
	text = strings.ToLower(text)
	if !slices.Contains(c.options, text) {
		last := len(c.options) - 1
		return fmt.Errorf("must be %s or %s", strings.Join(c.options[:last], ", "), c.options[last])
	}
	*c.value = text
	return nil
}

func (c *choice) String() string { return *c.value }

// Type says what the value is in YAML.
func (c *choice) Type() string { return "string" }

// portValue is a TCP port.
type portValue uint16

var _ pflag.Value = (*portValue)(nil)

// Set takes a number from 0 to 65535.
func (p *portValue) Set(text string) error {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return errors.New("must be a whole number from 0 to 65535")
	}
	*p = portValue(number)
	return nil
}

func (p *portValue) String() string { return strconv.Itoa(int(*p)) }

// Type says what the value is in YAML.
func (p *portValue) Type() string { return "int" }

// folderValue is the path of a folder that must be given: an empty path would
// be the folder that the process was started in.
type folderValue string

var _ pflag.Value = (*folderValue)(nil)

// Set takes any path but the empty one.
func (f *folderValue) Set(text string) error {
	if text == "" {
		return errors.New("must name a folder")
	}
	*f = folderValue(text)
	return nil
}

func (f *folderValue) String() string { return string(*f) }

// Type says what the value is in YAML.
func (f *folderValue) Type() string { return "string" }
