// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/skilld/skilld/pkg/netguard"
)

// Limits bound one call of a [Fetcher].
type Limits struct {
	// Time is how long the call may take, unpacking included.
	Time time.Duration
	// Bytes is how many bytes the server may send, and how many the files of
	// the folder, or one object of the repository, may have.
	Bytes int64
	// Files is how many files the folder may hold, and how many folders.
	Files int
}

// DefaultLimits are 2 minutes, 100 MiB and 10,000 files.
var DefaultLimits = Limits{Time: 2 * time.Minute, Bytes: 100 << 20, Files: 10_000}

// Config says how a [Fetcher] reaches servers. The zero value is ready for use.
type Config struct {
	// AllowPrivate lets references name hosts with loopback, private and other
	// addresses outside the public internet. Those are spoken to over plain
	// HTTP; all others over HTTPS.
	AllowPrivate bool
	// Getenv reads the environment, for tokens alone: GITHUB_TOKEN for
	// github.com, GITLAB_TOKEN for gitlab.com, GIT_TOKEN for any other host.
	// nil for [os.Getenv].
	Getenv func(string) string
	// Lookup resolves host names; nil for the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// TempDir is where packs are kept while a call lasts; empty for [os.TempDir].
	TempDir string
	// Limits replace the DefaultLimits; a field that is 0 means the default.
	Limits Limits
}

// Fetcher reads folders from git servers. Several goroutines may use it. It
// uses no proxy: see [netguard.Dialer.Transport].
type Fetcher struct {
	dialer    *netguard.Dialer
	transport *http.Transport
	getenv    func(string) string
	lookup    func(context.Context, string) ([]netip.Addr, error)
	tempDir   string
	limits    Limits
}

// NewFetcher returns a Fetcher.
func NewFetcher(cfg Config) *Fetcher {
	f := &Fetcher{
		dialer:  &netguard.Dialer{AllowPrivate: cfg.AllowPrivate, Lookup: cfg.Lookup},
		getenv:  cfg.Getenv,
		lookup:  cfg.Lookup,
		tempDir: cfg.TempDir,
		limits:  cfg.Limits,
	}
	if f.getenv == nil {
		f.getenv = os.Getenv
	}
	if f.lookup == nil {
		f.lookup = lookupSystem
	}
	if f.limits.Time == 0 {
		f.limits.Time = DefaultLimits.Time
	}
	if f.limits.Bytes == 0 {
		f.limits.Bytes = DefaultLimits.Bytes
	}
	if f.limits.Files == 0 {
		f.limits.Files = DefaultLimits.Files
	}
	f.transport = f.dialer.Transport()
	// A server may count objects for long before it answers; the limit of time
	// holds for that too.
	f.transport.ResponseHeaderTimeout = 0
	return f
}

// Close drops the connections that are kept for the next call.
func (f *Fetcher) Close() { f.transport.CloseIdleConnections() }

// Resolve asks the server which commit the reference names, and returns its
// hash: 40 lower-case hex digits. The ref is a branch, else a tag (an annotated
// one stands for its commit), else a ref's full name, "refs/…". A full commit
// hash names that commit wherever the repository has it, so that nobody can put
// a branch of that name in its place; whether the server lets it be fetched is
// seen by Fetch.
//
// Errors: Invalid for a host that may not be dialled; Upstream where the
// repository or the ref is not there or the host cannot be reached;
// Unauthenticated, RateLimited, Timeout, and Unprocessable over the limits.
func (f *Fetcher) Resolve(ctx context.Context, ref Reference) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, f.limits.Time)
	defer cancel()
	s, err := f.connect(ctx, ref)
	if err != nil {
		return "", err
	}
	commit, err := s.resolve()
	if err != nil {
		return "", s.explain(err)
	}
	return commit.String(), nil
}

// Fetch writes the reference's folder, as it is at the commit (what Resolve
// returned; the reference's own ref does not count), to dst, an existing and
// empty folder: regular files of mode 0644 and folders. What has a name that
// begins with '.' is left out. It transfers one commit without its history
// where the server allows that. After an error dst may hold some files.
//
// A caller who does both and wants one limit of time for both puts a deadline
// on ctx.
//
// Errors, besides those of Resolve: Upstream where the commit or the folder is
// not there; Unprocessable where the folder is not an acceptable skill: no
// SKILL.md, a malformed one or a bad name in it, a symbolic link or submodule,
// over the limits. An error about dst or the temporary folder has no kind.
func (f *Fetcher) Fetch(ctx context.Context, ref Reference, commit, dst string) error {
	if !fullHash.MatchString(commit) {
		return invalid("commit %s is not a full commit hash of 40 hex digits", quote(commit))
	}
	root, err := os.OpenRoot(dst)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()

	ctx, cancel := context.WithTimeout(ctx, f.limits.Time)
	defer cancel()
	s, err := f.connect(ctx, ref)
	if err != nil {
		return err
	}
	return s.fetch(commit, root)
}
