// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attack is a request that changes something, or makes the daemon speak to
// others.
type attack struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body"`
}

// assault tries every attack from a web page in every way that a page has, and
// returns which of them had an answer that the page can read.
const assault = `async ({bases, attacks}) => {
	const answered = [];
	const attempt = async (what, send) => {
		try {
			const response = await send();
			if (response && response.status > 0) answered.push(what + " " + response.status);
		} catch (e) {} // refused by the browser
	};
	// settled waits for an element that loads, or fails to.
	const settled = (element) => new Promise((done) => {
		element.onload = element.onerror = done;
		setTimeout(done, 3000);
		document.body.append(element);
	});
	let frames = 0;
	const submit = async (url, method, enctype, body) => {
		const frame = document.createElement("iframe");
		frame.name = "frame" + frames++;
		await settled(frame);
		const form = document.createElement("form");
		Object.assign(form, {action: url, method, enctype, target: frame.name});
		const input = document.createElement("input");
		// As plain text, "name=value" is the JSON with one more field in it.
		input.name = body.replace(/}$/, ',"x":"');
		input.value = '"}';
		form.append(input);
		document.body.append(form);
		const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
		form.submit();
		await loaded;
	};
	for (const base of bases) for (const {method, path, body} of attacks) {
		const url = base + path, content = method === "GET" || method === "DELETE" ? undefined : body;
		const json = {"Content-Type": "application/json"};
		await attempt("fetch " + url, () => fetch(url, {method, body: content, headers: json}));
		await attempt("simple fetch " + url, () => fetch(url, {method, body: content}));
		await attempt("fetch with credentials " + url, () => fetch(url, {method, body: content, headers: json, credentials: "include"}));
		await attempt("blind fetch " + url, () => fetch(url, {method, body: content, mode: "no-cors"}));
		await attempt("blind fetch, JSON " + url, () => fetch(url, {method, mode: "no-cors",
			body: content && new Blob([content], {type: "application/json"})}));
		await attempt("blind POST " + url, () => fetch(url, {method: "POST", body, mode: "no-cors"}));
		await attempt("override " + url, () => fetch(url, {method: "POST", body, mode: "no-cors", headers: {"X-HTTP-Method-Override": method}}));
		navigator.sendBeacon(url, body);
		await attempt("beacon " + url, async () => { navigator.sendBeacon(url, new Blob([body], {type: "application/json"})); });
		for (const enctype of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]) {
			await submit(url, "POST", enctype, body);
		}
		if (method === "GET") {
			await settled(Object.assign(new Image(), {src: url}));
			await settled(Object.assign(document.createElement("script"), {src: url}));
			await settled(Object.assign(document.createElement("iframe"), {src: url}));
			await settled(Object.assign(document.createElement("link"), {rel: "stylesheet", href: url}));
		}
	}
	return answered;
}`

// calls sends the requests of the page's own daemon and returns their statuses.
const calls = `async (attacks) => {
	const statuses = [];
	for (const {method, path, body} of attacks) {
		const sent = method === "GET" || method === "DELETE" ? {method} : {method, body, headers: {"Content-Type": "application/json"}};
		statuses.push((await fetch(path, sent)).status);
	}
	return statuses;
}`

// victim is a daemon with something to lose.
type victim struct {
	*daemon
	// port is where it listens, and attacks is what it must not do for others.
	port    string
	attacks []attack
	// reached counts the requests at a registry that nobody should be sent to.
	reached atomic.Int64
}

func newVictim(t *testing.T) *victim {
	v := &victim{daemon: start(t, options{})}
	parsed, err := url.Parse(v.url)
	require.NoError(t, err)
	v.port = parsed.Port()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		v.reached.Add(1)
		http.Error(w, "no", http.StatusNotFound)
	}))
	t.Cleanup(registry.Close)
	ref := strings.TrimPrefix(registry.URL, "http://") + "/org/my-skill:1.0"

	dir := makeSkill(t, "my-skill", "1.0", nil)
	v.mustBuild(dir, "my-skill")
	v.mustBuild(dir, ref)
	v.mustBuild(makeSkill(t, "victim-skill", "1.0", nil), "victim-skill")
	v.mustInstall(object{"name": "victim-skill"})
	v.post(groupsPath, object{"name": "team"}).is(201)
	catalog := t.TempDir()
	writeFiles(t, catalog, map[string]string{"c.json": `{"data":{"skills":[]}}`})
	v.attacks = []attack{
		{"POST", skillsPath, `{"name":"my-skill","clients":["claude-code"]}`},
		{"DELETE", skillsPath + "/victim-skill", ""},
		{"POST", buildPath, `{"path":` + quoted(dir) + `,"tag":"planted"}`},
		{"POST", pushPath, `{"reference":` + quoted(ref) + `}`},
		{"DELETE", buildsPath + "/my-skill", ""},
		{"GET", contentPath + "?ref=" + url.QueryEscape(strings.Replace(ref, "1.0", "2.0", 1)), ""},
		{"POST", groupsPath, `{"name":"planted"}`},
		{"DELETE", groupsPath + "/team", ""},
		{"PUT", registryPath + "/default", `{"local_path":` + quoted(filepath.Join(catalog, "c.json")) + `}`},
	}
	return v
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `\`, `\\`) + `"` }

// state is all that a web page could want to change.
func (v *victim) state() map[string]string {
	v.t.Helper()
	all := tree(v.t, v.home)
	for _, path := range []string{skillsPath, buildsPath, groupsPath, registryPath} {
		all[path] = v.get(path).is(200).Body
	}
	return all
}

// page is an empty web page; below /sandbox it is one without an origin.
func page(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/sandbox" {
		w.Header().Set("Content-Security-Policy", "sandbox allow-scripts allow-forms")
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!doctype html><title>x</title><body>")
}

// rebinding is a server whose name leads to an attacker while its page loads,
// and to the daemon from then on: to the browser, it is all one origin.
func (v *victim) rebinding(t *testing.T) string {
	t.Helper()
	target, err := url.Parse(v.url)
	require.NoError(t, err)
	toDaemon := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("/page", page)
	mux.Handle("/", toDaemon)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return "http://evil.example:" + portOf(server)
}

func portOf(server *httptest.Server) string {
	return server.URL[strings.LastIndex(server.URL, ":")+1:]
}

// TestWebPagesOfOthers opens pages of other origins in a real browser and lets
// them try to change something.
func TestWebPagesOfOthers(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	v := newVictim(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(page))
	t.Cleanup(elsewhere.Close)
	rebound := v.rebinding(t)
	daemons := []string{"http://127.0.0.1:" + v.port, "http://localhost:" + v.port, "http://evil.example:" + v.port}
	before := v.state()
	for name, attacker := range map[string]struct {
		page  string
		bases []string
	}{
		"another site":                 {"http://evil.example:" + portOf(elsewhere), daemons},
		"another port of this machine": {"http://127.0.0.1:" + portOf(elsewhere), daemons},
		"a page without an origin":     {"http://127.0.0.1:" + portOf(elsewhere) + "/sandbox", daemons[:1]},
		"a name that was rebound":      {rebound + "/page", []string{rebound}},
	} {
		t.Run(name, func(t *testing.T) {
			refusals := strings.Count(v.log.String(), `"status":403`)
			var answered []string
			browser.open(attacker.page).run(assault, object{"bases": attacker.bases, "attacks": v.attacks}, &answered)
			for _, answer := range answered {
				assert.True(t, attacker.bases[0] == rebound && strings.HasSuffix(answer, " 403"), "the page could read: %s", answer)
			}
			assert.Equal(t, before, v.state())
			assert.Zero(t, v.reached.Load(), "the daemon was sent to a registry")
			refusals = strings.Count(v.log.String(), `"status":403`) - refusals
			assert.Greater(t, refusals, 3*len(v.attacks), "the daemon has seen the attacks")
		})
	}
}

// TestOwnPages opens the documentation in a real browser. What pages of others
// cannot do, the daemon's own can.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	v := newVictim(t)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		doc := browser.open("http://" + host + ":" + v.port + "/api/doc")
		var operations []string
		doc.run(`async () => {
			const shown = () => [...document.querySelectorAll(".opblock-summary-path")].map((e) => e.textContent.replaceAll("\u200b", ""));
			for (let i = 0; i < 300 && shown().length === 0; i++) await new Promise((next) => setTimeout(next, 100));
			return shown();
		}`, nil, &operations)
		assert.Contains(t, operations, "/api/v1beta/skills/{name}")
		assert.Contains(t, operations, catalogRoute)
		assert.Empty(t, doc.console(), "the console shows no errors")
	}
	var statuses []int
	browser.open(v.url+"/api/doc").run(calls, v.attacks, &statuses)
	assert.Equal(t, []int{201, 204, 200, 404, 204, 404, 201, 204, 200}, statuses)
	assert.Positive(t, v.reached.Load())
	assert.FileExists(t, filepath.Join(v.claude("my-skill"), "SKILL.md"))
	assert.NoDirExists(t, v.claude("victim-skill"))
}

// TestTrustedPage lets a page of another origin in that --allow-origin names.
func TestTrustedPage(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	trusted := httptest.NewServer(http.HandlerFunc(page))
	t.Cleanup(trusted.Close)
	origin := "http://evil.example:" + portOf(trusted)
	d := start(t, options{token: "abc-token", flags: []string{"--allow-origin", origin, "--auth-token-file", tokenFile(t, "abc-token", 0o600)}})
	var got struct {
		Status, Refused int
		Location, ID    string
	}
	browser.open(origin).run(`async (base) => {
		const send = (headers) => fetch(base + "/api/v1beta/groups", {method: "POST", body: '{"name":"team"}',
			headers: {"Content-Type": "application/json", "X-Request-Id": "mine", ...headers}});
		const refused = await send({}), made = await send({Authorization: "Bearer abc-token"});
		return {status: made.status, refused: refused.status, location: made.headers.get("Location"), id: made.headers.get("X-Request-Id")};
	}`, d.url, &got)
	assert.Equal(t, 401, got.Refused)
	assert.Equal(t, 201, got.Status)
	assert.Equal(t, groupsPath+"/team", got.Location)
	assert.Equal(t, "mine", got.ID)
}
