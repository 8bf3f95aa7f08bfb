// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	branches = "refs/heads/"
	tags     = "refs/tags/"
)

// resolve returns the commit that the reference's ref names at the server.
func (s *session) resolve() (plumbing.Hash, error) {
	if s.ref.Ref == "" {
		if s.advertised.Head == nil {
			return plumbing.ZeroHash, skills.Errorf(skills.Upstream, "%s cannot be fetched: the repository has no default branch; name a branch, tag or commit", s.ref)
		}
		return *s.advertised.Head, nil
	}
	named, isNamed := s.named(s.ref.Ref)
	digits, isHash := s.ref.Commit()
	switch {
	case isNamed && !isHash:
		return named, nil
	case !isHash:
		return plumbing.ZeroHash, skills.Errorf(skills.Upstream,
			"%s cannot be fetched: the repository has no branch or tag %q; a commit is named by all 40 digits of its hash", s.ref, s.ref.Ref)
	}
	commit := plumbing.NewHash(digits)
	if _, isTip := s.tip(commit); isTip || !isNamed {
		return commit, nil
	}
	// A branch or tag is spelt like a commit. It must not take the place of that
	// commit, so the server is asked for the commit first.
	pack, err := s.download(commit)
	switch {
	case errors.Is(err, errNoCommit):
		return named, nil
	case err != nil:
		return plumbing.ZeroHash, err
	}
	pack.close()
	return commit, nil
}

// named returns the commit of the branch, tag or full ref name.
func (s *session) named(name string) (plumbing.Hash, bool) {
	candidates := []string{branches + name, tags + name}
	if strings.HasPrefix(name, "refs/") {
		candidates = append(candidates, name)
	}
	for _, candidate := range candidates {
		// Peeled is what an annotated tag stands for.
		if commit, ok := s.advertised.Peeled[candidate]; ok {
			return commit, true
		}
		if commit, ok := s.advertised.References[candidate]; ok {
			return commit, true
		}
	}
	return plumbing.ZeroHash, false
}

// tip returns the object to ask for so as to get a commit that a ref points
// at: the commit, or the annotated tag, because a server need not give out a
// commit that it advertises only as what a tag stands for.
func (s *session) tip(commit plumbing.Hash) (plumbing.Hash, bool) {
	if s.advertised.Head != nil && *s.advertised.Head == commit {
		return commit, true
	}
	for _, hash := range s.advertised.References {
		if hash == commit {
			return commit, true
		}
	}
	for name, hash := range s.advertised.Peeled {
		if tag, ok := s.advertised.References[name]; ok && hash == commit {
			return tag, true
		}
	}
	return plumbing.ZeroHash, false
}

// tips returns what all branches and tags point at.
func (s *session) tips() []plumbing.Hash {
	var wants []plumbing.Hash
	for name, hash := range s.advertised.References {
		if strings.HasPrefix(name, branches) || strings.HasPrefix(name, tags) {
			wants = append(wants, hash)
		}
	}
	if s.advertised.Head != nil {
		wants = append(wants, *s.advertised.Head)
	}
	plumbing.HashesSort(wants)
	return slices.Compact(wants)
}

// download fetches a pack that holds the commit with all of its files, and as
// little else as the server allows (gitprotocol-capabilities(5), "shallow",
// "allow-tip-sha1-in-want", "allow-reachable-sha1-in-want"). The error wraps
// errNoCommit where the server does not have the commit or give it out.
func (s *session) download(commit plumbing.Hash) (*pack, error) {
	if tip, ok := s.tip(commit); ok {
		return s.request(commit, []plumbing.Hash{tip}, true)
	}
	supports := s.advertised.Capabilities.Supports
	if reachable := supports(capability.AllowReachableSHA1InWant); reachable || supports(capability.AllowTipSHA1InWant) {
		pack, err := s.request(commit, []plumbing.Hash{commit}, true)
		if line := new(pktline.ErrorLine); errors.As(s.failure, &line) {
			s.failure, err = nil, fmt.Errorf("%w: %w", errNoCommit, line)
		}
		if reachable || !errors.Is(err, errNoCommit) {
			return pack, err
		}
	}
	return s.request(commit, s.tips(), false)
}

// request asks for the wanted objects and what they need, without history
// where shallow is set and the server can do that.
func (s *session) request(commit plumbing.Hash, wants []plumbing.Hash, shallow bool) (_ *pack, err error) {
	offered := s.advertised.Capabilities
	req := packp.NewUploadPackRequestFromCapabilities(offered)
	req.Wants = wants
	if shallow && offered.Supports(capability.Shallow) {
		req.Depth = packp.DepthCommits(1)
		err = req.Capabilities.Set(capability.Shallow)
	}
	if err == nil && offered.Supports(capability.NoProgress) {
		err = req.Capabilities.Set(capability.NoProgress)
	}
	if err != nil {
		return nil, err
	}
	resp, err := s.upload.UploadPack(s.ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Close() }()

	var stream io.Reader = resp
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		stream = sideband.NewDemuxer(sideband.Sideband64k, resp)
	case req.Capabilities.Supports(capability.Sideband):
		stream = sideband.NewDemuxer(sideband.Sideband, resp)
	}
	pack, err := s.receive(stream)
	if err != nil {
		return nil, err
	}
	if !pack.has(commit) {
		pack.close()
		return nil, errNoCommit
	}
	return pack, nil
}
