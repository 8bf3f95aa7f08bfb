// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// hammer sends GET requests for the paths over that many connections for a
// while, each connection one after the other, and returns how many were
// answered with 200 a second. It shares the machine with the daemon, so it does
// as little as it can: no net/http, and bodies are counted but not kept.
func hammer(ctx context.Context, address string, paths []string, connections int, duration time.Duration) (float64, error) {
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n")
	}
	var answered atomic.Int64
	group, ctx := errgroup.WithContext(ctx) // ends with the first failure
	began := time.Now()
	for first := range connections {
		group.Go(func() error {
			c, err := dial(ctx, address)
			if err != nil {
				return err
			}
			defer func() { _ = c.conn.Close() }()
			for i := first; time.Since(began) < duration && ctx.Err() == nil; i++ {
				if err := c.get(requests[i%len(requests)]); err != nil {
					return err
				}
				answered.Add(1)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(answered.Load()) / time.Since(began).Seconds(), nil
}

// connection is one to the daemon that is kept open.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(ctx context.Context, address string) (connection, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return connection{}, err
	}
	return connection{conn: conn, reader: bufio.NewReaderSize(conn, 256<<10)}, nil
}

var contentLength = []byte("Content-Length: ")

// get sends a request and reads its answer, which must be a 200 with a length.
func (c connection) get(request []byte) error {
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	status, err := c.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("the daemon answered %q", status)
	}
	length := -1
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if value, found := bytes.CutPrefix(line, contentLength); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("the answer has no Content-Length")
	}
	_, err = c.reader.Discard(length)
	return err
}
