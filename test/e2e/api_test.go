// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/registrytest"
)

// exchange is one request of the table, and what it is answered with.
type exchange struct {
	// route is how the OpenAPI document writes the route.
	route  string
	status int
	// path is the request's; the route's own where it is empty.
	path   string
	body   any
	header http.Header
	// to says which daemon is asked; see scene.
	to daemonKind
	// text is in the body of the answer.
	text string
}

// daemonKind is what a daemon of the table is like.
type daemonKind string

const (
	// plain is a daemon with a good catalogue, guarded one that wants a token.
	plain   daemonKind = ""
	guarded daemonKind = "guarded"
	// broken has a catalogue that is none, and unreachable one that is away.
	broken      daemonKind = "broken"
	unreachable daemonKind = "unreachable"
)

const (
	groupsPath   = "/api/v1beta/groups"
	clientsPath  = "/api/v1beta/discovery/clients"
	registryPath = "/api/v1beta/registry"
	catalogRoute = "/registry/{registry}/v0.1/x/dev.toolhive/skills"
	catalogPath  = "/registry/default/v0.1/x/dev.toolhive/skills"
)

// apiToken is what the guarded daemon wants.
const apiToken = "correct-horse"

// elsewhere has the statuses that the table does not provoke, most of them
// because it takes a fault of an upstream or of ours, with the tests that do. A
// route of "*" is every route that has the status.
var elsewhere = map[string]string{
	"* 500": "pkg/api/v1.TestErrorsOfTheServiceBecomeAnswers",
	"* 503": "pkg/api.TestTokensThatCannotBeChecked",
	"* 504": "pkg/api/v1.TestErrorsOfTheServiceBecomeAnswers",

	"POST /api/v1beta/skills 429":          "test/e2e.TestRegistryFailures",
	"POST /api/v1beta/skills/push 422":     "pkg/api/v1.TestErrorsOfTheServiceBecomeAnswers",
	"POST /api/v1beta/skills/push 429":     "test/e2e.TestPush",
	"GET /api/v1beta/skills/content 409":   "pkg/skills/skillsvc.TestContentOrder",
	"GET /api/v1beta/skills/content 422":   "test/e2e.TestForeignArtifacts",
	"GET /api/v1beta/skills/content 429":   "test/e2e.TestRegistryFailures",
	"DELETE /api/v1beta/skills/{name} 409": "pkg/api/v1.TestErrorsOfTheServiceBecomeAnswers",
	// The document has no words for a path without a tag.
	"DELETE /api/v1beta/skills/builds/{tag} 400": "pkg/api/v1.TestDeleteOfNoBuildIsRefused",
}

// scene is what the table needs to be true: daemons, folders, a registry.
type scene struct {
	daemons  map[daemonKind]*daemon
	registry *registrytest.Server
	// skill is a folder of a skill my-skill, and invalid one without SKILL.md.
	// catalog and garbage are a catalogue file and one that is none.
	skill, invalid, catalog, garbage string
}

// newScene starts the daemons, over TCP or each on a socket of its own.
func newScene(t *testing.T, overSocket bool) *scene {
	t.Helper()
	dir := t.TempDir()
	s := &scene{
		daemons: make(map[daemonKind]*daemon), registry: registrytest.Open(t),
		skill: makeSkill(t, "my-skill", "1.0", nil), invalid: t.TempDir(),
		catalog: filepath.Join(dir, "catalog.json"), garbage: filepath.Join(dir, "garbage.json"),
	}
	entry := object{"namespace": "io.github.org", "name": "pdf-tools", "description": "Fills forms", "version": "1.0.0"}
	catalog, err := json.Marshal(object{"version": "7", "meta": object{"last_updated": "2026-05-01T00:00:00Z"}, "data": object{"skills": []object{entry}}})
	require.NoError(t, err)
	writeFiles(t, dir, map[string]string{"catalog.json": string(catalog), "garbage.json": "[]", "token": apiToken + "\n"})
	require.NoError(t, os.Chmod(filepath.Join(dir, "token"), 0o600))
	for kind, flags := range map[daemonKind][]string{
		plain:       {"--catalog", s.catalog, "--allow-private-hosts"},
		guarded:     {"--auth-token-file", filepath.Join(dir, "token")},
		broken:      {"--catalog", s.garbage},
		unreachable: {"--catalog", "http://127.0.0.1:1/c.json", "--allow-private-hosts"},
	} {
		if overSocket {
			// In a folder of its own: the path of a socket must be short.
			short, err := os.MkdirTemp("", "s")
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(short) })
			flags = append(flags, "--socket", filepath.Join(short, "s"))
		}
		s.daemons[kind] = start(t, options{flags: flags, token: map[daemonKind]string{guarded: apiToken}[kind]})
	}
	return s
}

// exchanges is the table: the requests in the order in which they are sent,
// every route with each of its statuses but the ones that all routes share.
func (s *scene) exchanges() []exchange {
	const (
		skill, build = "POST /api/v1beta/skills", "POST /api/v1beta/skills/build"
		push         = "POST /api/v1beta/skills/push"
		info, remove = "GET /api/v1beta/skills/{name}", "DELETE /api/v1beta/skills/{name}"
		unbuild      = "DELETE /api/v1beta/skills/builds/{tag}"
		content      = "GET /api/v1beta/skills/content"
		validate     = "POST /api/v1beta/skills/validate"
		group        = groupsPath + "/{name}"
		registry     = registryPath + "/{name}"
		entry        = "GET " + catalogRoute + "/{namespace}/{name}"
	)
	ref := s.registry.Reference("org/my-skill", "1.0")
	claude := []string{"claude-code"}
	at := func(path, ref string) string { return path + "?ref=" + url.QueryEscape(ref) }
	return []exchange{
		{route: "GET /health", status: 204},
		{route: "GET /api/v1beta/version", status: 200, text: `"version"`},
		{route: "GET /metrics", status: 200, text: "# TYPE "},
		{route: "GET /api/doc", status: 302},
		{route: "GET /api/openapi.json", status: 200, text: `"openapi"`},
		{route: "GET /api/openapi.json", status: 304, header: http.Header{"If-None-Match": {"*"}}},

		{route: validate, status: 200, body: object{"path": s.skill}, text: `"valid":true`},
		{route: validate, status: 200, body: object{"path": s.invalid}, text: `"valid":false`},
		{route: validate, status: 400, body: object{"path": "my-skill"}, text: "absolute"},
		{route: build, status: 200, body: object{"path": s.skill}, text: "sha256:"},
		{route: build, status: 200, body: object{"path": s.skill, "tag": ref}, text: ref},
		{route: build, status: 200, body: object{"path": s.skill, "tag": "other-skill"}},
		{route: build, status: 400, body: object{"path": s.invalid}, text: "SKILL.md"},
		{route: build, status: 422, body: object{"path": s.large()}, text: "at most"},
		{route: "GET /api/v1beta/skills/builds", status: 200, text: ref},
		{route: "GET /api/v1beta/skills/builds", status: 304, header: http.Header{"If-None-Match": {"*"}}},
		{route: push, status: 204, body: object{"reference": ref, "no_sign": true}},
		{route: push, status: 400, body: object{"reference": "my-skill"}, text: "full reference"},
		{route: push, status: 404, body: object{"reference": ref + "-gone"}, text: "gone"},
		{route: push, status: 501, body: object{"reference": ref, "key": "cosign.key"}, text: "sign"},
		{route: unbuild, status: 204, path: "/api/v1beta/skills/builds/" + url.PathEscape(ref)},
		{route: unbuild, status: 404, path: "/api/v1beta/skills/builds/gone", text: "gone"},
		{route: build, status: 200, body: object{"path": s.skill, "tag": "127.0.0.1:1/org/my-skill:1.0"}},
		{route: push, status: 502, body: object{"reference": "127.0.0.1:1/org/my-skill:1.0"}, text: "refused"},

		{route: content, status: 200, path: at(contentPath, ref), text: "# my-skill"},
		{route: content, status: 304, path: at(contentPath, "my-skill"), header: http.Header{"If-None-Match": {"*"}}},
		{route: content, status: 400, path: contentPath, text: "ref"},
		{route: content, status: 404, path: at(contentPath, ref+"-gone"), text: "gone"},
		{route: content, status: 502, path: at(contentPath, "127.0.0.1:1/org/x:v1"), text: "refused"},

		{route: "POST " + groupsPath, status: 201, body: object{"name": "my team"}, text: `{"name":"my team"}`},
		{route: "POST " + groupsPath, status: 409, body: object{"name": "my team"}, text: "my team"},
		{route: "POST " + groupsPath, status: 400, body: object{"name": "My Team"}, text: "lowercase"},
		{route: skill, status: 201, body: object{"name": "my-skill", "clients": claude, "group": "my team"}, text: `"status":"installed"`},
		{route: "GET " + groupsPath, status: 200, text: `{"name":"my team","registered_clients":[],"skills":["my-skill"]}`},
		{route: "GET " + group, status: 200, path: groupsPath + "/my%20team", text: `"skills":["my-skill"]`},
		{route: "GET " + group, status: 400, path: groupsPath + "/My%20Team"},
		{route: "GET " + group, status: 404, path: groupsPath + "/nobody", text: "nobody"},
		{route: "GET /api/v1beta/skills", status: 200, path: skillsPath + "?group=my%20team", text: "my-skill"},
		{route: "GET /api/v1beta/skills", status: 200, path: skillsPath + "?group=nobody", text: `{"skills":[]}`},
		{route: "GET /api/v1beta/skills", status: 400, path: skillsPath + "?scope=galaxy", text: "galaxy"},
		{route: info, status: 200, path: skillsPath + "/my-skill", text: `"installed_skill"`},
		{route: info, status: 400, path: skillsPath + "/Bad_Name"},
		{route: info, status: 404, path: skillsPath + "/gone-skill"},
		{route: "DELETE " + group, status: 204, path: groupsPath + "/my%20team"},
		{route: "DELETE " + group, status: 404, path: groupsPath + "/my%20team"},
		{route: "DELETE " + group, status: 400, path: groupsPath + "/default", text: "default"},
		{route: "GET " + group, status: 200, path: groupsPath + "/default", text: `"skills":["my-skill"]`},
		{route: remove, status: 204, path: skillsPath + "/my-skill"},
		{route: remove, status: 404, path: skillsPath + "/my-skill"},
		{route: remove, status: 400, path: skillsPath + "/Bad_Name"},
		{route: skill, status: 400, body: object{"name": "my-skill", "clients": []string{"emacs"}}, text: "emacs"},
		{route: skill, status: 404, body: object{"name": "my-skill", "clients": claude, "group": "nobody"}, text: "nobody"},
		{route: skill, status: 409, body: object{"name": "my-skill", "clients": []string{"cursor"}}, text: "force"},
		{route: skill, status: 422, body: object{"name": "other-skill", "clients": claude}, text: "my-skill"},
		{route: skill, status: 502, body: object{"name": "127.0.0.1:1/org/x:v1", "clients": claude}, text: "refused"},

		{route: "GET " + clientsPath, status: 200, text: `{"client_type":"cursor","installed":true,"registered":false,"supports_skills":true}`},

		{route: "GET " + registryPath, status: 200, text: `{"registries":[{"name":"default","version":"7","last_updated":"2026-05-01T00:00:00Z","server_count":0,"type":"default","source":`},
		{route: "GET " + registry, status: 200, path: registryPath + "/default", text: `"name":"default"`},
		{route: "GET " + registry, status: 404, path: registryPath + "/other", text: "other"},
		{route: "GET " + catalogRoute, status: 200, path: catalogPath + "?q=PDF&limit=1000", text: `"metadata":{"total":1,"page":1,"limit":200}`},
		{route: "GET " + catalogRoute, status: 400, path: catalogPath + "?page=0", text: "page"},
		{route: "GET " + catalogRoute, status: 404, path: "/registry/other/v0.1/x/dev.toolhive/skills", text: `"code"`},
		{route: "GET " + catalogRoute, status: 502, path: catalogPath, to: broken},
		{route: "GET " + catalogRoute, status: 504, path: catalogPath, to: unreachable},
		{route: entry, status: 200, path: catalogPath + "/io.github.org/PDF-tools", text: `"name":"pdf-tools"`},
		{route: entry, status: 404, path: catalogPath + "/io.github.org/gone", text: `{"code":"not_found","message":`},
		{route: entry, status: 502, path: catalogPath + "/io.github.org/pdf-tools", to: broken},
		{route: entry, status: 504, path: catalogPath + "/io.github.org/pdf-tools", to: unreachable},
		{route: "PUT " + registry, status: 200, path: registryPath + "/default", body: object{"local_path": s.catalog}, text: `{"type":"file"}`},
		{route: "PUT " + registry, status: 400, path: registryPath + "/default", body: object{"local_path": s.catalog, "url": "https://example.com"}, text: "only one"},
		{route: "PUT " + registry, status: 404, path: registryPath + "/other", body: object{}, text: "other"},
		{route: "PUT " + registry, status: 502, path: registryPath + "/default", body: object{"local_path": s.garbage}, text: "not a catalogue"},
		{route: "PUT " + registry, status: 504, path: registryPath + "/default", body: object{"url": "http://127.0.0.1:1/c.json", "allow_private_ip": true}},
		{route: "GET " + registry, status: 200, path: registryPath + "/default", text: `"type":"file"`},
		{route: "PUT " + registry, status: 200, path: registryPath + "/default", body: object{}, text: `{"type":"default"}`},
	}
}

// large returns a folder with more files than a skill may have.
func (s *scene) large() string {
	dir := filepath.Join(s.invalid, "..", "large-skill")
	if os.Mkdir(dir, 0o755) == nil {
		for i := range 1001 {
			_ = os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644) // the request would not be refused
		}
		_ = os.WriteFile(filepath.Join(dir, "SKILL.md"), []byte("---\nname: large-skill\ndescription: d\n---\n"), 0o644)
	}
	return filepath.Clean(dir)
}

// shared returns what every route answers in the same way: 401 without a token
// where one is wanted, 403 for a web page of another site or a foreign Host,
// and 413 and 415 for bodies. known is a good exchange of the route.
func shared(known exchange, overSocket bool) []exchange {
	with := func(status int, to daemonKind, header http.Header, body any) exchange {
		return exchange{route: known.route, path: known.path, status: status, to: to, header: header, body: body}
	}
	jsonType := http.Header{"Content-Type": {"application/json"}}
	var all []exchange
	if known.route != "GET /health" {
		all = append(all, with(401, guarded, http.Header{"Authorization": {"Bearer wrong-token"}}, known.body))
	}
	if !overSocket {
		all = append(all, with(403, plain, http.Header{"Host": {"evil.example"}}, nil))
	}
	if !strings.HasPrefix(known.route, "GET ") || known.path != "" && strings.HasPrefix(known.path, contentPath) {
		all = append(all, with(403, plain, http.Header{"Origin": {"https://evil.example"}, "Content-Type": jsonType["Content-Type"]}, known.body))
	}
	if known.body != nil {
		all = append(all,
			with(413, plain, jsonType, strings.Repeat(" ", 1<<20+1)),
			with(415, plain, http.Header{"Content-Type": {"text/plain"}}, known.body))
	}
	return all
}

// TestEveryRouteAndStatus sends the table to the real binary, over TCP and over
// a Unix socket.
func TestEveryRouteAndStatus(t *testing.T) {
	t.Parallel()
	for network, overSocket := range map[string]bool{"over TCP": false, "over a socket": true} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, overSocket)
			// A folder that the daemon did not install, for the 409.
			writeFiles(t, filepath.Join(s.daemons[plain].home, ".cursor", "skills", "my-skill"), map[string]string{"SKILL.md": "mine"})
			seen := make(map[string]bool)
			for _, e := range s.exchanges() {
				s.send(t, e)
				if !seen[e.route] {
					seen[e.route] = true
					for _, more := range shared(e, overSocket) {
						s.send(t, more)
					}
				}
			}
		})
	}
}

// send sends one request of the table and checks its answer.
func (s *scene) send(t *testing.T, e exchange) {
	method, path, _ := strings.Cut(e.route, " ")
	if e.path != "" {
		path = e.path
	}
	t.Run(fmt.Sprintf("%s %.60s %d", method, path, e.status), func(t *testing.T) {
		d := s.daemons[e.to].with(t)
		header := http.Header{}
		for name, values := range e.header {
			header[name] = values
		}
		body, raw := e.body.(string)
		if e.body != nil && !raw {
			encoded, err := json.Marshal(e.body)
			require.NoError(t, err)
			body = string(encoded)
			if header.Get("Content-Type") == "" {
				header.Set("Content-Type", "application/json")
			}
		}
		a := d.send(method, path, body, header).is(e.status)
		if e.text != "" {
			assert.Contains(t, a.Body, e.text)
		}
		assert.NotEmpty(t, a.Header.Get("X-Request-Id"))
		assert.Equal(t, e.status == http.StatusUnauthorized && e.to == guarded, a.Header.Get("WWW-Authenticate") != "")
	})
}

// TestTableAndDocumentAgree compares the routes and statuses of the table, and
// of the tests that it names, with the OpenAPI document that is served.
func TestTableAndDocumentAgree(t *testing.T) {
	t.Parallel()
	d := start(t, options{})
	var document struct {
		Paths map[string]map[string]struct{ Responses map[string]any }
	}
	d.get("/api/openapi.json").is(200).json(&document)
	documented := make(map[string]bool)
	for path, operations := range document.Paths {
		for method, operation := range operations {
			for status := range operation.Responses {
				documented[fmt.Sprintf("%s %s %s", strings.ToUpper(method), path, status)] = true
			}
		}
	}

	tested := make(map[string]bool)
	s := &scene{registry: &registrytest.Server{Host: "127.0.0.1:1"}, invalid: t.TempDir()}
	for _, e := range s.exchanges() {
		for _, each := range append(shared(e, false), e) {
			tested[fmt.Sprintf("%s %d", each.route, each.status)] = true
		}
	}
	for name, test := range elsewhere {
		assert.True(t, testExists(t, test), "%s names the test %s, which is not there", name, test)
		assert.False(t, tested[name], "%s is in the table as well", name)
		every, isWildcard := strings.CutPrefix(name, "*")
		if !isWildcard {
			tested[name] = true
			continue
		}
		for key := range documented {
			if strings.HasSuffix(key, every) {
				tested[key] = true
			}
		}
	}
	assert.Equal(t, sorted(documented), sorted(tested))
}

func sorted(set map[string]bool) []string {
	var list []string
	for key := range set {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// testExists reports whether there is a test "folder.Name", the folder as seen
// from the root of the module.
func testExists(t *testing.T, test string) bool {
	t.Helper()
	dot := strings.LastIndex(test, ".")
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(test[:dot]), "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if bytes.Contains(text, []byte("\nfunc "+test[dot+1:]+"(t *testing.T)")) {
			return true
		}
	}
	return false
}
