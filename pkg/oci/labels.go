// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/json"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/skilld/skilld/pkg/skills"
)

// labels returns what the config says of the skill.
func (a Artifact) labels() (map[string]string, error) {
	tools, err := json.Marshal(a.AllowedTools)
	if err != nil {
		return nil, err
	}
	files, err := json.Marshal(a.Files)
	if err != nil {
		return nil, err
	}
	labels := a.identity()
	labels[KeyLicense] = a.License
	labels[KeyAllowedTools] = string(tools)
	labels[KeyFiles] = string(files)
	return labels, nil
}

// annotations returns what manifest and index say of the skill.
func (a Artifact) annotations(epoch time.Time) (map[string]string, error) {
	annotations := a.identity()
	annotations[ocispec.AnnotationCreated] = epoch.Format(time.RFC3339)
	if len(a.Requires) == 0 {
		return annotations, nil
	}
	requires, err := json.Marshal(a.Requires)
	if err != nil {
		return nil, err
	}
	annotations[KeyRequires] = string(requires)
	return annotations, nil
}

func (a Artifact) identity() map[string]string {
	return map[string]string{
		KeyName:        a.Name,
		KeyDescription: a.Description,
		KeyVersion:     a.Version,
	}
}

// setLabels takes over what a config says of the skill. It returns an
// Unprocessable error where the name is missing or not valid, or a list is no
// list.
func (a *Artifact) setLabels(labels map[string]string) (err error) {
	a.Name = labels[KeyName]
	a.Description = labels[KeyDescription]
	a.Version = labels[KeyVersion]
	a.License = labels[KeyLicense]
	if a.Name == "" {
		return notSkill("its config has no label %s", KeyName)
	}
	if err := skills.ValidateName(a.Name); err != nil {
		return skills.Wrap(skills.Unprocessable, err, "the artifact cannot be a skill: %v", err)
	}
	if a.AllowedTools, err = list(labels, KeyAllowedTools); err != nil {
		return err
	}
	a.Files, err = list(labels, KeyFiles)
	return err
}

// list returns the JSON array of strings under key; nil where there is none.
func list(values map[string]string, key string) ([]string, error) {
	text := values[key]
	if text == "" {
		return nil, nil
	}
	var items []string
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		return nil, skills.Wrap(skills.Unprocessable, err, "the artifact's %s is not a JSON array of strings", key)
	}
	return items, nil
}
