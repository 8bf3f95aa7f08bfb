// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/openapitest"
)

// daemon is a running skilld with a home folder and a data folder of its own.
type daemon struct {
	t    *testing.T
	home string
	data string
	url  string
	// token is what every request has that brings no other; may be empty.
	token string
	// client speaks to the daemon, over TCP or its socket.
	client  *http.Client
	command *exec.Cmd
	log     *logBuffer
	exited  chan error
	// api holds answers against the OpenAPI document.
	api *openapitest.Validator
}

// options change how a daemon is started; the zero value is the default.
type options struct {
	home, data string
	env        []string
	flags      []string
	// token is what the daemon wants to see, if anything; every request has it
	// that brings no other.
	token string
}

// start runs a daemon on a free port until the test ends.
func start(t *testing.T, opts options) *daemon {
	t.Helper()
	d := newDaemon(t, opts)
	d.launch(opts)
	return d
}

func newDaemon(t *testing.T, opts options) *daemon {
	t.Helper()
	d := &daemon{t: t, home: opts.home, data: opts.data, token: opts.token}
	secrets.add(opts.token)
	if d.home == "" {
		d.home = t.TempDir()
	}
	if d.data == "" {
		d.data = filepath.Join(t.TempDir(), "data")
	}
	t.Cleanup(func() { d.kill() })
	return d
}

// with returns the daemon for a subtest.
func (d *daemon) with(t *testing.T) *daemon {
	same := *d
	same.t = t
	return &same
}

// environment is the daemon's: nothing of the machine's but what Go needs.
func (d *daemon) environment(extra []string) []string {
	secrets.addEnv(extra)
	env := []string{"HOME=" + d.home, "USERPROFILE=" + d.home, "PATH=" + os.Getenv("PATH"), "SystemRoot=" + os.Getenv("SystemRoot"), "TMPDIR=" + os.TempDir()}
	return append(env, extra...)
}

// launch starts the process and waits until it answers.
func (d *daemon) launch(opts options) {
	d.t.Helper()
	flags := append([]string{"serve", "--port", "0", "--data-dir", d.data, "--log-format", "json", "--log-level", "debug"}, opts.flags...)
	d.command = exec.Command(binary, flags...)
	d.command.Env = d.environment(opts.env)
	d.log = &logBuffer{}
	secrets.watch(d.t.Name(), d.log)
	stderr, err := d.command.StderrPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, d.command.Start())

	listening := make(chan net.Addr, 1)
	d.exited = make(chan error, 1)
	go func() {
		d.log.read(stderr, listening)
		d.exited <- d.command.Wait()
	}()
	select {
	case address := <-listening:
		d.connect(address)
	case err := <-d.exited:
		d.exited <- err
		require.FailNow(d.t, "the daemon did not start", "%v\n%s", err, d.log)
	case <-time.After(time.Minute):
		require.FailNow(d.t, "the daemon does not listen", "%s", d.log)
	}
}

func (d *daemon) connect(address net.Addr) {
	d.t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	// One that listens everywhere is here, too.
	d.url = "http://" + strings.Replace(address.String(), "[::]", "127.0.0.1", 1)
	if address.Network() == "unix" {
		d.url = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", address.String())
		}
	}
	d.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if d.api == nil {
		document, _, err := d.try(http.MethodGet, "/api/openapi.json", "", nil)
		require.NoError(d.t, err)
		d.api = validatorOf(d.t, document.Body)
	}
}

// validators are those of the documents seen so far, which should be one: each
// takes a second to make and some tens of megabytes to keep.
var validators struct {
	mu   sync.Mutex
	byID map[[sha256.Size]byte]*openapitest.Validator
}

// validatorOf returns the validator of a document.
func validatorOf(t *testing.T, document string) *openapitest.Validator {
	t.Helper()
	validators.mu.Lock()
	defer validators.mu.Unlock()
	id := sha256.Sum256([]byte(document))
	if validators.byID[id] == nil {
		if validators.byID == nil {
			validators.byID = make(map[[sha256.Size]byte]*openapitest.Validator)
		}
		validators.byID[id] = openapitest.New(t, []byte(document))
	}
	return validators.byID[id]
}

// kill ends the process at once, as a crash would.
func (d *daemon) kill() {
	if d.command == nil || d.command.Process == nil {
		return
	}
	_ = d.command.Process.Kill()
	err := <-d.exited
	d.exited <- err
	d.client.CloseIdleConnections()
}

// stop ends the process as an operator would and expects exit code 0.
func (d *daemon) stop() {
	d.t.Helper()
	require.NoError(d.t, d.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-d.exited:
		d.exited <- err
		require.NoError(d.t, err, "%s", d.log)
	case <-time.After(time.Minute):
		require.FailNow(d.t, "the daemon does not stop", "%s", d.log)
	}
}

// answer is a response that has been read.
type answer struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   string
}

// json decodes the body.
func (a answer) json(into any) {
	a.t.Helper()
	require.Contains(a.t, a.Header.Get("Content-Type"), "application/json", "%s", a.Body)
	require.NoError(a.t, json.Unmarshal([]byte(a.Body), into), "%s", a.Body)
}

// is checks the status, and that each text is in the body.
func (a answer) is(status int, texts ...string) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.Status, "%s", a.Body)
	for _, text := range texts {
		assert.Contains(a.t, a.Body, text)
	}
	return a
}

// get, post and del send a request whose body, if any, is JSON.
func (d *daemon) get(path string) answer { return d.send(http.MethodGet, path, "", nil) }

func (d *daemon) del(path string) answer { return d.send(http.MethodDelete, path, "", nil) }

func (d *daemon) post(path string, body any) answer {
	d.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(d.t, err)
	return d.send(http.MethodPost, path, string(encoded), http.Header{"Content-Type": {"application/json"}})
}

// send sends a request and holds the answer against the OpenAPI document.
func (d *daemon) send(method, path, body string, header http.Header) answer {
	d.t.Helper()
	a, request, err := d.try(method, path, body, header)
	require.NoError(d.t, err)
	d.api.Check(d.t, request, &http.Response{StatusCode: a.Status, Header: a.Header}, []byte(a.Body))
	return a
}

// try is send for a daemon that may be killed meanwhile.
func (d *daemon) try(method, path, body string, header http.Header) (answer, *http.Request, error) {
	request, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, nil, err
	}
	if d.token != "" {
		request.Header["Authorization"] = []string{"Bearer " + d.token}
	}
	for name, values := range header {
		request.Header[name] = values
	}
	secrets.addAuthorization(request.Header.Get("Authorization"))
	request.Host = header.Get("Host")
	response, err := d.client.Do(request)
	if err != nil {
		return answer{}, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{t: d.t, Status: response.StatusCode, Header: response.Header, Body: string(text)}, request, err
}

// logBuffer keeps what a daemon logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// read keeps every line and reports the address in the first that has one.
func (l *logBuffer) read(r io.Reader, listening chan<- net.Addr) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.mu.Lock()
		l.text.Write(lines.Bytes())
		l.text.WriteByte('\n')
		l.mu.Unlock()
		var line struct{ Msg, Address, Network string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			listening <- place{line.Network, line.Address}
		}
	}
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// place is an address that was read from a log.
type place struct{ network, address string }

func (p place) Network() string { return p.network }
func (p place) String() string  { return p.address }
