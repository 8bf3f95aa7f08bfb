// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"github.com/skilld/skilld/pkg/netguard"
	"github.com/skilld/skilld/pkg/telemetry/traceparent"
)

const (
	// maxAdvertisement bounds the list of refs, which is kept in memory.
	maxAdvertisement = 32 << 20
	// maxErrorBody bounds what is read of an answer that is no success.
	maxErrorBody = 4 << 10
	// tokenUser is the user name sent with a token. GitHub wants it for tokens
	// of its apps; GitLab, Gitea and Bitbucket take any name.
	tokenUser = "x-access-token"
)

// session is one conversation with a git server about one reference. It is the
// round tripper of its own requests, so that it sees and bounds every byte.
type session struct {
	fetcher *Fetcher
	ref     Reference
	// ctx bounds everything, unpacking too. A session lives no longer than one call.
	ctx context.Context
	// left is how many more bytes may come in.
	left int64
	// trees is how many bytes of trees have been read.
	trees int64
	// token is what the server was offered; empty for none.
	token string
	// answered says that the server has sent an HTTP answer.
	answered bool
	// failure is the first error of a request, before go-git rephrases it.
	failure error

	upload     transport.UploadPackSession
	advertised *packp.AdvRefs
}

// connect asks the server for its refs and capabilities.
func (f *Fetcher) connect(ctx context.Context, ref Reference) (*session, error) {
	s := &session{fetcher: f, ref: ref, ctx: ctx, left: f.limits.Bytes}
	if addr, err := netip.ParseAddr(ref.hostname()); err == nil && !f.dialer.AllowPrivate && !netguard.Permitted(addr) {
		// Dialling would refuse it too; but not for an address of a kind that
		// this machine has no network for.
		return nil, invalid("%s cannot be fetched: host %s is not a public address, and only those are allowed", ref, ref.hostname())
	}
	err := s.advertise("")
	// Servers that do not add the usual suffix themselves know only that name.
	var status *statusError
	if err != nil && errors.As(s.failure, &status) && status.code == http.StatusNotFound {
		first := s.failure
		if err = s.advertise(".git"); errors.As(s.failure, &status) && status.code != http.StatusNotFound {
			s.failure = first
		}
	}
	if err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

// advertise opens the conversation under the repository's name with the suffix.
func (s *session) advertise(suffix string) error {
	s.failure = nil
	protocol := s.protocol()
	endpoint, err := transport.NewEndpoint(protocol + "://" + s.ref.Host + "/" + s.ref.Owner + "/" + s.ref.Repo + suffix)
	if err != nil {
		return err
	}
	client := githttp.NewClientWithOptions(&http.Client{Transport: s}, &githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects})
	if s.upload, err = client.NewUploadPackSession(endpoint, s.authenticate(protocol)); err != nil {
		return err
	}
	s.advertised, err = s.upload.AdvertisedReferencesContext(s.ctx)
	return err
}

// protocol returns https, or http for a host all of whose addresses are
// loopback or private ones, where those are allowed at all.
func (s *session) protocol() string {
	if !s.fetcher.dialer.AllowPrivate {
		return "https"
	}
	host := s.ref.hostname()
	if addr, err := netip.ParseAddr(host); err == nil && !netguard.Permitted(addr) {
		return "http"
	}
	addrs, err := s.fetcher.lookup(s.ctx, host)
	if err != nil || len(addrs) == 0 {
		return "https"
	}
	for _, addr := range addrs {
		if netguard.Permitted(addr) {
			return "https"
		}
	}
	return "http"
}

// tokenVariable returns the name of the environment variable that holds the
// token for a host.
func tokenVariable(host string) string {
	switch host {
	case "github.com":
		return "GITHUB_TOKEN"
	case "gitlab.com":
		return "GITLAB_TOKEN"
	default:
		return "GIT_TOKEN"
	}
}

// authenticate returns how to sign requests to the host; nil for not at all.
// go-git drops it where a redirect leads to another host. A token of a public
// service never goes out in the clear, whatever its name resolves to.
func (s *session) authenticate(protocol string) transport.AuthMethod {
	variable := tokenVariable(s.ref.hostname())
	if protocol != "https" && variable != "GIT_TOKEN" {
		return nil
	}
	if s.token = s.fetcher.getenv(variable); s.token == "" {
		return nil
	}
	return &githttp.BasicAuth{Username: tokenUser, Password: s.token}
}

// RoundTrip sends the request, turns an answer that is no success into an
// error, and bounds the body of one that is.
func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := traceparent.Transport(s.fetcher.transport).RoundTrip(req)
	if err != nil {
		s.note(err)
		return nil, err
	}
	s.answered = true
	if resp.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		_ = resp.Body.Close()
		err := &statusError{code: resp.StatusCode, retryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()), text: plainText(resp, text)}
		s.note(err)
		return nil, err
	}
	left := s.left
	if req.Method == http.MethodGet {
		left = min(left, maxAdvertisement)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, session: s, left: left}
	if req.Method == http.MethodPost {
		return s.catchError(resp)
	}
	return resp, nil
}

// catchError turns an answer that is an error line alone (gitprotocol-pack(5),
// "pkt-line Format") into an error, which go-git keeps only as text.
func (s *session) catchError(resp *http.Response) (*http.Response, error) {
	body := bufio.NewReader(resp.Body)
	// A failure to read shows again when go-git reads.
	if head, _ := body.Peek(8); !bytes.HasSuffix(head, []byte("ERR ")) {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{body, resp.Body}
		return resp, nil
	}
	line := pktline.NewScanner(body)
	line.Scan()
	_ = resp.Body.Close()
	s.note(line.Err())
	return nil, line.Err()
}

// note keeps the first failure.
func (s *session) note(err error) {
	if s.failure == nil {
		s.failure = err
	}
}

// plainText returns the body of a failure where it is meant to be read by people.
func plainText(resp *http.Response, body []byte) string {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	return string(body)
}

// boundedBody counts an answer's bytes as they come in, after decompression.
type boundedBody struct {
	io.ReadCloser
	session *session
	left    int64
}

// Read fails with errTooBig as soon as a byte too many comes in.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	b.session.left -= int64(n)
	if b.left < 0 {
		err = errTooBig
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.session.note(err)
	}
	return n, err
}

// lookupSystem resolves a name with the system's resolver; an address is its own.
func lookupSystem(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
