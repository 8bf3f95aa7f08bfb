// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"strconv"
)

const (
	problemType = "application/problem+json"
	textType    = "text/plain"
	problemRef  = schemasRef + "Problem"
)

// messages has an error's message for each status, as the daemon words it.
var messages = map[string]string{
	"400": `path "skills/pdf-tools" must be an absolute path`,
	"401": "this daemon needs a bearer token: send the header Authorization: Bearer TOKEN",
	"403": `the Host "evil.example" is neither a loopback name nor one that the daemon was told to answer for (--allow-host)`,
	"404": `skill "pdf-tools" is not installed for the user scope`,
	"409": `the catalogue has several skills named "pdf-tools": com.example/pdf-tools, io.github.org/pdf-tools; say which one by its reference, or as namespace/name`,
	"413": "the request's body is over 1048576 bytes",
	"415": `the request's Content-Type is "text/plain"; it must be application/json`,
	"422": `ghcr.io/org/pdf:v1 holds the skill "pdf-tools", but its repository is named "pdf"; the two must be the same`,
	"429": "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 429 Too Many Requests",
	"500": "Internal Server Error",
	"501": "skilld does not sign artifacts yet: push without key and identity_token, and sign ghcr.io/org/pdf-tools:v1 with another tool",
	"502": "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 500 Internal Server Error",
	"503": "the bearer token cannot be checked: its issuer https://idp.example.com cannot be asked",
	"504": "the time limit of this request ran out before it was done",
}

// particular has the messages of operations that the general ones do not fit.
var particular = map[string]string{
	"browseCatalogSkills 400": `query parameter "page" is "0"; it must be a number from 1`,
	"browseCatalogSkills 404": `there is no registry "other"; the only one is "default"`,
	"browseCatalogSkills 502": `"https://example.com/catalogue.json" is not a catalogue of skills: it is a JSON array`,
	"browseCatalogSkills 504": `the catalogue's server cannot be reached for "https://example.com/catalogue.json": dial tcp: lookup example.com: no such host`,
	"buildSkill 422":          "SKILL.md has 9437184 bytes; at most 8388608 are allowed",
	"createGroup 400":         `group name "My Team" may hold only lowercase letters a to z, digits, '_', '-' and spaces`,
	"createGroup 409":         `group "my team" exists already`,
	"deleteBuild 400":         "the path names no tag: it must be /api/v1beta/skills/builds/{tag}",
	"deleteBuild 404":         `there is no build with the tag "pdf-tools"; GET /api/v1beta/skills/builds lists them`,
	"deleteGroup 400":         `group "default" cannot be deleted: it always exists`,
	"deleteGroup 404":         `group "my team" does not exist; POST /api/v1beta/groups creates one`,
	"getCatalogSkill 404":     `the catalogue has no skill "pdf-tools" in the namespace "io.github.org"`,
	"getCatalogSkill 502":     `"https://example.com/catalogue.json" is not a catalogue of skills: it is a JSON array`,
	"getCatalogSkill 504":     `the catalogue's server cannot be reached for "https://example.com/catalogue.json": dial tcp: lookup example.com: no such host`,
	"getGroup 400":            `group name "My Team" may hold only lowercase letters a to z, digits, '_', '-' and spaces`,
	"getGroup 404":            `group "my team" does not exist; POST /api/v1beta/groups creates one`,
	"getRegistry 404":         `there is no registry "other"; the only one is "default"`,
	"getSkill 400":            `skill name "PDF" may hold only lowercase letters a to z, digits and hyphens`,
	"getSkillContent 400":     `query parameter "ref" is missing: give a tag or reference, such as ref=ghcr.io/org/name:v1`,
	"getSkillContent 401":     "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 401 Unauthorized; there are no credentials for it (docker login ghcr.io)",
	"getSkillContent 404":     "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 404 Not Found",
	"installSkill 400":        `scope "project" needs project_root, the absolute path of the project's folder`,
	"installSkill 401":        "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 401 Unauthorized; there are no credentials for it (docker login ghcr.io)",
	"installSkill 404":        "pulling ghcr.io/org/pdf-tools:v1: ghcr.io answered 404 Not Found",
	"listSkills 400":          `scope "everybody" is unknown; it is "user" or "project"`,
	"pushSkill 400":           `the tag "pdf-tools" names no registry; build the skill with a full reference such as ghcr.io/org/pdf-tools:v1 as its tag and push that`,
	"pushSkill 401":           "pushing ghcr.io/org/pdf-tools:v1: ghcr.io answered 401 Unauthorized; there are no credentials for it (docker login ghcr.io)",
	"pushSkill 404":           `"ghcr.io/org/pdf-tools:v1" is not in the local store; build it with this tag first`,
	"pushSkill 429":           "pushing ghcr.io/org/pdf-tools:v1: ghcr.io answered 429 Too Many Requests",
	"pushSkill 502":           "pushing ghcr.io/org/pdf-tools:v1: ghcr.io answered 500 Internal Server Error",
	"uninstallSkill 400":      `skill name "PDF" may hold only lowercase letters a to z, digits and hyphens`,
	"updateRegistry 400":      `local_path "catalogue.json" must be an absolute path`,
	"updateRegistry 404":      `there is no registry "other"; the only one is "default"`,
	"updateRegistry 502":      `"https://example.com/catalogue.json" is not a catalogue of skills: it is a JSON array`,
	"updateRegistry 504":      `the catalogue's server cannot be reached for "https://example.com/catalogue.json": dial tcp: lookup example.com: no such host`,
}

// addErrorForms gives every error the two forms that it really has: swag gives
// all answers of one operation the same media type. Those that ask for problem
// details get them; the others get what the annotation names, where that is not
// Problem, or else the message as plain text.
func addErrorForms(document object) error {
	for _, o := range operations(document) {
		for _, r := range o.responses() {
			if !r.isError() {
				continue
			}
			message, ok := particular[o.id+" "+r.status]
			if !ok {
				message, ok = messages[r.status]
			}
			if !ok {
				return fmt.Errorf("%s may answer %s, which has no example of a message", o.id, r.status)
			}
			if err := addForms(r, message); err != nil {
				return fmt.Errorf("%s: %w", o.id, err)
			}
		}
	}
	return nil
}

func addForms(r response, message string) error {
	status, err := strconv.Atoi(r.status)
	if err != nil {
		return fmt.Errorf("status %q is not a number", r.status)
	}
	named, _ := child(child(child(r.object, "content"), jsonType), "schema")["$ref"].(string)
	content := object{
		problemType: object{
			"schema":  object{"$ref": problemRef},
			"example": object{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": message},
		},
	}
	if named == "" || named == problemRef {
		content[textType] = object{"schema": object{"type": "string"}, "example": message}
	} else {
		content[jsonType] = object{
			"schema":  object{"$ref": named},
			"example": object{"code": "not_found", "message": message},
		}
	}
	r.object["content"] = content
	return nil
}
