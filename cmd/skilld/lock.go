// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// lockDataDir makes this process the only daemon on the folder. The lock goes
// with the process, however that ends. It returns an error that names the
// process that holds it, or how to let it go.
func lockDataDir(dir string) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(dir, "skilld.lock"))
	owner := filepath.Join(dir, "skilld.pid")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data folder %s: %w", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("the data folder %s is in use by another skilld, process %s; stop that one or choose another --data-dir", dir, holder(owner))
	}
	// In a file of its own: on Windows nobody else can read the locked one.
	if err := os.WriteFile(owner, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("noting the process id: %w", err)
	}
	return lock.Unlock, nil
}

func holder(file string) string {
	pid, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(pid))
}
