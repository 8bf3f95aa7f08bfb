// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// buildBinary makes the daemon that is measured.
func buildBinary(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "skilld")
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/skilld/skilld/cmd/skilld") //nolint:gosec // the path is ours
	command.Stderr = os.Stderr
	return binary, command.Run()
}

// daemon is a running skilld.
type daemon struct {
	command *exec.Cmd
	// address is "127.0.0.1:port", and started how long it took from the start
	// of the process until the first request was answered.
	address string
	started time.Duration
	home    string
	client  http.Client
}

// startDaemon runs the binary on a data folder and waits for its first answer.
func startDaemon(ctx context.Context, binary, data, home string) (*daemon, error) {
	d := &daemon{home: home}
	d.command = exec.CommandContext(ctx, binary, "serve", "--port", "0", "--data-dir", data, "--log-format", "json") //nolint:gosec // whoever runs this names the daemon
	d.command.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	d.command.Cancel = func() error { return d.command.Process.Signal(syscall.SIGTERM) }
	stderr, err := d.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := d.command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(stderr)
	if d.address, err = readAddress(lines); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // until the process ends
	if _, err := d.do(ctx, http.MethodGet, "/health", nil); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	d.started = time.Since(began)
	return d, nil
}

// readAddress reads the log up to the line that says where the daemon listens.
func readAddress(lines *bufio.Reader) (string, error) {
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return "", fmt.Errorf("the daemon did not start: %w", err)
		}
		var line struct{ Msg, Address string }
		if json.Unmarshal(text, &line) == nil && line.Msg == "listening" {
			return line.Address, nil
		}
	}
}

// stop ends the daemon as an operator would.
func (d *daemon) stop() error {
	d.client.CloseIdleConnections()
	return errors.Join(d.command.Process.Signal(syscall.SIGTERM), d.command.Wait())
}

// do sends a request, with a body in JSON unless that is nil, and returns the
// answer's body. It fails for any status from 400.
func (d *daemon) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	var text io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		text = strings.NewReader(string(encoded))
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+d.address+path, text)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, nil
}

// peakMemory returns the most memory that the process ever had, in MiB; 0
// where the system does not tell (proc(5), VmHWM).
func (d *daemon) peakMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(peak)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib / 1024
}
