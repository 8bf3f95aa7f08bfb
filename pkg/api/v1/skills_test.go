// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

const fullJSON = `{
	"metadata":{"name":"pdf-tools","version":"1.0.0","description":"Fills <forms> & more","author":"Jo","tags":["pdf"]},
	"scope":"project","project_root":"/home/me/p","reference":"ghcr.io/org/pdf-tools:v1","tag":"v1","digest":"sha256:abababababababababababababababababababababababababababababababab",
	"status":"installed","installed_at":"2026-01-02T14:04:05Z","clients":["claude-code","codex"],
	"dependencies":[{"name":"ocr","reference":"ghcr.io/org/ocr:v2"},
		{"name":"tex","reference":"ghcr.io/org/tex@sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","digest":"sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"}],
	"managed":true}`

const bareJSON = `{
	"metadata":{"name":"x","version":"","description":"","author":""},
	"scope":"user","status":"pending","installed_at":"2026-01-02T03:04:05Z","managed":true}`

func full() skills.InstalledSkill {
	return skills.InstalledSkill{
		Metadata: skills.Metadata{
			Name: "pdf-tools", Version: "1.0.0", Description: "Fills <forms> & more", Author: "Jo", Tags: []string{"pdf"},
		},
		Scope: skills.ScopeProject, ProjectRoot: "/home/me/p",
		Reference: "ghcr.io/org/pdf-tools:v1", Tag: "v1", Digest: "sha256:abababababababababababababababababababababababababababababababab",
		Status:      skills.StatusInstalled,
		InstalledAt: time.Date(2026, 1, 2, 15, 4, 5, 0, time.FixedZone("CET", 3600)),
		Clients:     []string{"claude-code", "codex"},
		Targets:     []skills.Target{{Base: "/home/me/p", Path: ".claude/skills/pdf-tools"}},
		Dependencies: []skills.Dependency{
			{Name: "ocr", Reference: "ghcr.io/org/ocr:v2"},
			{Name: "tex", Reference: "ghcr.io/org/tex@sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", Digest: "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"},
		},
		Group: "default",
	}
}

func bare() skills.InstalledSkill {
	return skills.InstalledSkill{
		Metadata: skills.Metadata{Name: "x"}, Scope: skills.ScopeUser, Status: skills.StatusPending, InstalledAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func TestListShowsEverySkillInFull(t *testing.T) {
	t.Parallel()
	s := &service{list: []skills.InstalledSkill{full(), bare()}}
	response, body := serve(t, s).do(http.MethodGet,
		"/api/v1beta/skills?scope=project&client=codex&project_root=%2Fhome%2Fme%2Fp&group=team&unknown=1", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"skills":[`+fullJSON+`,`+bareJSON+`]}`, body)
	assert.Contains(t, body, "<forms> & more", "texts stay readable")
	assert.Equal(t, []any{skills.ListOptions{
		Scope: skills.ScopeProject, Client: "codex", ProjectRoot: "/home/me/p", Group: "team",
	}}, s.calls)
}

func TestEmptyListIsAList(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	_, body := c.do(http.MethodGet, "/api/v1beta/skills", "")
	assert.JSONEq(t, `{"skills":[]}`, body)
	_, body = c.do(http.MethodGet, "/api/v1beta/skills/builds", "")
	assert.JSONEq(t, `{"builds":[]}`, body)
}

func TestInstallPassesEverythingOn(t *testing.T) {
	t.Parallel()
	s := &service{installed: full()}
	response, body := serve(t, s).do(http.MethodPost, "/api/v1beta/skills", `{
		"name":"pdf-tools","version":"1.0.0","scope":"project","project_root":"/home/me/p",
		"clients":["claude-code","codex"],"force":true,"group":"team","a_field_of_another_client":{"x":[1]}}`)
	assert.Equal(t, http.StatusCreated, response.StatusCode)
	assert.Equal(t, "/api/v1beta/skills/pdf-tools", response.Header.Get("Location"))
	assert.JSONEq(t, `{"skill":`+fullJSON+`}`, body)
	assert.Equal(t, []any{skills.InstallOptions{
		Name: "pdf-tools", Version: "1.0.0", Scope: skills.ScopeProject, ProjectRoot: "/home/me/p",
		Clients: []string{"claude-code", "codex"}, Force: true, Group: "team",
	}}, s.calls)
}

func TestInstallNeedsAName(t *testing.T) {
	t.Parallel()
	s := &service{}
	response, body := serve(t, s).do(http.MethodPost, "/api/v1beta/skills", `{"version":"1"}`)
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, body, `"name"`)
	assert.Empty(t, response.Header.Get("Location"))
	assert.Empty(t, s.calls)
}

func TestInfo(t *testing.T) {
	t.Parallel()
	installed := full()
	s := &service{info: skills.SkillInfo{Metadata: installed.Metadata, Installed: installed}}
	response, body := serve(t, s).do(http.MethodGet, "/api/v1beta/skills/pdf-tools?scope=project&project_root=/home/me/p", "")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"metadata":{"name":"pdf-tools","version":"1.0.0","description":"Fills <forms> & more","author":"Jo",
		"tags":["pdf"]},"installed_skill":`+fullJSON+`}`, body)
	assert.Equal(t, []any{skills.Key{Name: "pdf-tools", Scope: skills.ScopeProject, ProjectRoot: "/home/me/p"}}, s.calls)
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for _, body := range []string{"", `{"scope":"project"}`, "not even JSON"} {
		response, answer := c.do(http.MethodDelete, "/api/v1beta/skills/pdf-tools", body)
		assert.Equal(t, http.StatusNoContent, response.StatusCode)
		assert.Empty(t, answer)
		assert.Empty(t, response.Header.Get("Content-Type"))
	}
	key := skills.Key{Name: "pdf-tools"}
	assert.Equal(t, []any{key, key, key}, s.calls, "the service completes the scope, whatever the body says")
}

// Names are judged by the service; the handlers only decode them, once.
func TestNamesAreDecodedOnce(t *testing.T) {
	t.Parallel()
	for escaped, name := range map[string]string{
		"pdf-tools": "pdf-tools", "pdf%2Dtools": "pdf-tools", "a%20b": "a b", "a%2Fb": "a/b", "..%2F..": "../..",
		"%2541": "%41", "caf%C3%A9": "café", "%00": "\x00",
		// These are words of other routes, but skills may have such names.
		"validate": "validate", "build": "build", "push": "push",
	} {
		s := &service{}
		_, response, _ := serve(t, s).send(http.MethodGet, "/api/v1beta/skills/"+escaped, "")
		require.Equal(t, http.StatusOK, response.StatusCode, escaped)
		assert.Equal(t, []any{skills.Key{Name: name}}, s.calls, escaped)
	}
}

func TestBrokenQueryIsRefused(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := serve(t, s)
	for _, path := range []string{
		"/api/v1beta/skills?scope=%zz", "/api/v1beta/skills/pdf-tools?scope=%zz", "/api/v1beta/skills/content?ref=%zz",
	} {
		_, response, body := c.send(http.MethodGet, path, "")
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, path)
		assert.Contains(t, body, "percent-encoded")
	}
	assert.Empty(t, s.calls)
}
