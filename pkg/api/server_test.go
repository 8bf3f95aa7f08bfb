// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api"
)

// running is a server that a test can stop.
type running struct {
	url  string
	stop context.CancelFunc
	done chan error
	log  *lines
}

func start(t *testing.T, handler http.HandlerFunc, grace time.Duration) running {
	t.Helper()
	listener, err := api.Listen(t.Context(), api.ListenConfig{Host: "127.0.0.1"})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	r := running{url: "http://" + listener.Addr().String(), stop: stop, done: make(chan error, 1), log: &lines{}}
	go func() { r.done <- api.ServeWithGrace(ctx, listener, handler, r.log.logger(), grace) }()
	return r
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), errors.Join(err, response.Body.Close())
}

func TestRunningRequestsFinishBeforeTheEnd(t *testing.T) {
	t.Parallel()
	started, finish := make(chan struct{}), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-finish
		assert.NoError(t, r.Context().Err())
		_, _ = io.WriteString(w, "done")
	}, time.Minute)

	answer := make(chan string, 1)
	go func() {
		body, err := get(t.Context(), r.url)
		assert.NoError(t, err)
		answer <- body
	}()
	<-started
	r.stop()
	require.Eventually(t, func() bool {
		_, err := get(t.Context(), r.url)
		return err != nil
	}, 10*time.Second, time.Millisecond, "new connections are still taken")
	select {
	case err := <-r.done:
		t.Fatal("the server ended before its request:", err)
	default:
	}
	close(finish)
	assert.Equal(t, "done", <-answer)
	require.NoError(t, <-r.done)
	assert.NotEmpty(t, r.log.records(t, "listening")[0]["address"])
}

func TestRequestsThatDoNotEndAreCutOff(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}), make(chan struct{})
	r := start(t, func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		close(ended)
	}, time.Millisecond)
	failed := make(chan error, 1)
	go func() {
		_, err := get(t.Context(), r.url)
		failed <- err
	}()
	<-started
	r.stop()
	require.NoError(t, <-r.done)
	select {
	case <-ended:
	default:
		t.Fatal("the server ended before its handler")
	}
	<-failed
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	t.Parallel()
	listener, err := api.Listen(t.Context(), api.ListenConfig{Host: "127.0.0.1"})
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = api.Serve(t.Context(), listener, http.NotFoundHandler(), new(lines).logger())
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestOversizedHeadIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, func(http.ResponseWriter, *http.Request) {}, time.Minute)
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", r.url[len("http://"):])
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+string(make([]byte, 70<<10)))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
}
