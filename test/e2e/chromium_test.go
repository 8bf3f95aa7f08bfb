// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a real browser without a window. It is driven by the Chrome
// DevTools protocol over a pipe: JSON messages that end with a NUL byte.
type chromium struct {
	t    *testing.T
	send io.Writer

	mu      sync.Mutex
	last    int
	waiting map[int]chan protocolMessage
	tabs    map[string]*tab
}

// protocolMessage is a command, its answer, or an event.
type protocolMessage struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// browserPatience bounds everything that a browser is asked for.
const browserPatience = 2 * time.Minute

// requireBrowser, set to true, makes a missing browser a failure.
const requireBrowser = "SKILLD_REQUIRE_BROWSER"

func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(requireBrowser) == "true" {
		t.Fatalf("no Chromium is installed, and %s asks for one", requireBrowser)
	}
	t.Skip("no Chromium is installed (apt-get install chromium)")
	return ""
}

// startChromium runs a browser with an empty profile until the test ends. Names
// below evil.example lead to this machine.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path := findChromium(t)
	fromTest, commands, err := os.Pipe()
	require.NoError(t, err)
	answers, toTest, err := os.Pipe()
	require.NoError(t, err)
	profile := t.TempDir()
	command := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-features=HttpsUpgrades", "--host-resolver-rules=MAP evil.example 127.0.0.1",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	command.Env = append(os.Environ(), "HOME="+profile)
	command.ExtraFiles = []*os.File{fromTest, toTest} // numbers 3 and 4
	require.NoError(t, command.Start())
	require.NoError(t, fromTest.Close())
	require.NoError(t, toTest.Close())

	c := &chromium{t: t, send: commands, waiting: make(map[int]chan protocolMessage), tabs: make(map[string]*tab)}
	ended := make(chan struct{})
	go func() {
		c.receive(answers)
		close(ended)
	}()
	t.Cleanup(func() {
		// The end of its input ends the browser, with all its processes.
		_ = commands.Close()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = command.Process.Kill()
		}
		_ = command.Wait()
		_ = answers.Close()
	})
	return c
}

// receive hands out what the browser says until it ends.
func (c *chromium) receive(answers io.Reader) {
	reader := bufio.NewReader(answers)
	for {
		text, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var message protocolMessage
		if json.Unmarshal(text[:len(text)-1], &message) != nil {
			continue
		}
		c.mu.Lock()
		if answered, ok := c.waiting[message.ID]; ok && message.ID != 0 {
			delete(c.waiting, message.ID)
			answered <- message
		} else if tab := c.tabs[message.SessionID]; tab != nil {
			tab.event(message)
		}
		c.mu.Unlock()
	}
}

// call sends a command and decodes its answer into result, unless that is nil.
func (c *chromium) call(session, method string, params, result any) {
	c.t.Helper()
	encoded, err := json.Marshal(params)
	require.NoError(c.t, err)
	answered := make(chan protocolMessage, 1)
	c.mu.Lock()
	c.last++
	message := protocolMessage{ID: c.last, SessionID: session, Method: method, Params: encoded}
	c.waiting[message.ID] = answered
	text, err := json.Marshal(message)
	if err == nil {
		_, err = c.send.Write(append(text, 0))
	}
	c.mu.Unlock()
	require.NoError(c.t, err)
	select {
	case answer := <-answered:
		require.Empty(c.t, string(answer.Error), "%s", method)
		if result != nil {
			require.NoError(c.t, json.Unmarshal(answer.Result, result))
		}
	case <-time.After(browserPatience):
		require.FailNow(c.t, "the browser does not answer", "%s", method)
	}
}

// tab is one page of the browser.
type tab struct {
	browser *chromium
	session string
	loaded  chan struct{}
	// complaints are the errors that the console shows.
	complaints []string
}

// open loads a page in a tab of its own.
func (c *chromium) open(url string) *tab {
	c.t.Helper()
	var target struct{ TargetID string }
	c.call("", "Target.createTarget", object{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &tab{browser: c, session: attached.SessionID, loaded: make(chan struct{}, 16)}
	c.mu.Lock()
	c.tabs[p.session] = p
	c.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		c.call(p.session, domain+".enable", object{}, nil)
	}
	var went struct{ ErrorText string }
	c.call(p.session, "Page.navigate", object{"url": url}, &went)
	require.Empty(c.t, went.ErrorText, "%s", url)
	select {
	case <-p.loaded:
	case <-time.After(browserPatience):
		require.FailNow(c.t, "the page does not load", "%s", url)
	}
	return p
}

// event notes what happens in the tab. The browser's lock is held.
func (p *tab) event(message protocolMessage) {
	switch message.Method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, string(message.Params))
	case "Runtime.consoleAPICalled", "Log.entryAdded":
		var said struct {
			Type  string
			Entry struct{ Level string }
		}
		if json.Unmarshal(message.Params, &said) == nil && (said.Type == "error" || said.Entry.Level == "error") {
			p.complaints = append(p.complaints, string(message.Params))
		}
	}
}

// console returns the errors that the console has shown so far.
func (p *tab) console() []string {
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// run calls an async function, given as JavaScript, with an argument, and
// decodes what it returns into result.
func (p *tab) run(function string, argument, result any) {
	p.browser.t.Helper()
	encoded, err := json.Marshal(argument)
	require.NoError(p.browser.t, err)
	var evaluated struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	p.browser.call(p.session, "Runtime.evaluate", object{
		"expression": fmt.Sprintf("(%s)(%s)", function, encoded), "awaitPromise": true, "returnByValue": true,
	}, &evaluated)
	require.Empty(p.browser.t, string(evaluated.ExceptionDetails))
	require.NoError(p.browser.t, json.Unmarshal(evaluated.Result.Value, result), "%s", evaluated.Result.Value)
}
