// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"

	"github.com/skilld/skilld/pkg/skills"
)

// maxTokenFile bounds the file of a token, in bytes.
const maxTokenFile = 4 << 10

// tokenSyntax is what a bearer token may look like (RFC 6750, section 2.1).
var tokenSyntax = regexp.MustCompile(`^[A-Za-z0-9\-._~+/]+=*$`)

// Static knows one token. It keeps a hash of it only.
type Static struct {
	hash [sha256.Size]byte
}

// NewStatic returns what accepts the one token.
func NewStatic(token string) *Static { return &Static{hash: sha256.Sum256([]byte(token))} }

// ReadStatic reads the token from a file; white space around it does not count.
// It also returns the file's mode if others than its owner can use the file,
// else 0, so that the operator can be told. It returns an error for a file that
// cannot be read, and for one that holds anything else than one token.
func ReadStatic(path string) (token *Static, loose fs.FileMode, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("the token's file: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("the token's file: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile+1))
	if err != nil {
		return nil, 0, fmt.Errorf("the token's file: %w", err)
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil, 0, fmt.Errorf("the token's file %s is empty: put one token into it, such as the output of openssl rand -hex 32", path)
	case len(text) > maxTokenFile:
		return nil, 0, fmt.Errorf("the token's file %s has over %d bytes", path, maxTokenFile)
	case !tokenSyntax.Match(text):
		return nil, 0, fmt.Errorf("the token's file %s holds no bearer token: letters, digits and -._~+/ in one line, with = at the end", path)
	}
	// Windows has no such modes; there every file seems to be open to all.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		loose = mode
	}
	return NewStatic(string(text)), loose, nil
}

// Verify accepts the token, in a time that does not depend on how much of it is
// right. It returns an Unauthenticated error for every other.
func (s *Static) Verify(_ context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(hash[:], s.hash[:]) != 1 {
		return skills.Errorf(skills.Unauthenticated, "the bearer token is not the one that the daemon was given")
	}
	return nil
}
