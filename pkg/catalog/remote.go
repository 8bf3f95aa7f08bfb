// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/skilld/skilld/pkg/netguard"
	"github.com/skilld/skilld/pkg/skills"
)

// remoteTTL is how long a catalogue from the network is kept before its server
// is asked again.
const remoteTTL = 5 * time.Minute

// remote fetches a catalogue file from a web server.
type remote struct {
	url    *url.URL
	client *http.Client
	log    *slog.Logger
}

// fetch returns the file, or last where the server says that it is the same.
func (r *remote) fetch(ctx context.Context, last *snapshot) (*snapshot, error) {
	header := http.Header{}
	if last != nil && last.etag != "" {
		header.Set("If-None-Match", last.etag)
	}
	if last != nil && last.modified != "" {
		header.Set("If-Modified-Since", last.modified)
	}
	answer, err := get(ctx, r.client, r.url, header)
	if err != nil {
		return nil, err
	}
	if answer.status == http.StatusNotModified && last != nil {
		return last, nil
	}
	if answer.status != http.StatusOK {
		return nil, answered(r.url, answer.status)
	}
	s, err := parseDocument(answer.body)
	if err != nil {
		return nil, noCatalogue(shown(r.url), err)
	}
	s.etag, s.modified = answer.header.Get("ETag"), answer.header.Get("Last-Modified")
	s.logSkipped(r.log)
	return s, nil
}

// answer is a server's answer; body is empty unless status is 200.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks for one document. It returns an Invalid error where the address is
// not permitted, a Timeout one where the server cannot be reached or takes too
// long, and an Upstream one where it answers too much or breaks off.
func get(ctx context.Context, client *http.Client, u *url.URL, header http.Header) (answer, error) {
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "skilld")
	req := (&http.Request{Method: http.MethodGet, URL: u, Header: header}).WithContext(ctx)
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, unanswered(u, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.status != http.StatusOK {
		return a, nil
	}
	a.body, err = readBounded(resp.Body)
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, noCatalogue(shown(u), err)
	case err != nil && timedOut(err):
		return answer{}, unanswered(u, err)
	case err != nil:
		return answer{}, skills.Wrap(skills.Upstream, err, "the catalogue's server broke off its answer to %q: %v", shown(u), err)
	}
	return a, nil
}

// unanswered turns the failure of a request without an answer into an error with a kind.
func unanswered(u *url.URL, err error) error {
	// The text of url.Error repeats the URL, with its query.
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var blocked *netguard.BlockedError
	switch {
	case errors.As(err, &blocked):
		return skills.Wrap(skills.Invalid, err, "the catalogue's URL %q is not permitted: %v", shown(u), blocked)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, netguard.ErrRedirect):
		return skills.Wrap(skills.Upstream, err, "the catalogue's server redirects %q wrongly: %v", shown(u), err)
	case timedOut(err):
		return skills.Wrap(skills.Timeout, err, "the catalogue's server did not answer in time for %q", shown(u))
	default:
		return skills.Wrap(skills.Timeout, err, "the catalogue's server cannot be reached for %q: %v", shown(u), err)
	}
}

func timedOut(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

// answered returns the error for a status that is no success.
func answered(u *url.URL, status int) error {
	return skills.Errorf(skills.Upstream, "the catalogue's server answered %d %s for %q", status, http.StatusText(status), shown(u))
}

// shown returns what messages may show of a URL: a query can hold a secret.
func shown(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String()
}
