// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// apiPath is where a registry API lists skills, below its base URL.
	apiPath = "v0.1/x/dev.toolhive/skills"
	// pageSize is how many entries a page is asked to have.
	pageSize = 100
	// maxPages and maxListing bound one listing, in pages and bytes.
	maxPages   = 1000
	maxListing = 64 << 20
	// termTTL is how long the answer to a search is kept, and maxTerms how many are.
	termTTL  = time.Minute
	maxTerms = 128
)

// api asks a registry API. Names and terms are searched at the server, so that
// a new skill is found without reading the whole catalogue; the whole is read
// for browsing alone.
type api struct {
	base   *url.URL
	client *http.Client
	log    *slog.Logger
	now    func() time.Time

	listing *refresher

	mu sync.Mutex
	// terms are the recent searches, by the term in lower case.
	terms map[string]*refresher
}

func newAPI(base *url.URL, client *http.Client, log *slog.Logger, now func() time.Time) *api {
	a := &api{base: base, client: client, log: log, now: now, terms: map[string]*refresher{}}
	a.listing = a.refresher("", remoteTTL)
	return a
}

func (a *api) all(ctx context.Context) (*snapshot, error) { return a.listing.get(ctx) }

func (a *api) find(ctx context.Context, namespace, name string) ([]skills.CatalogEntry, error) {
	s, err := a.term(name).get(ctx)
	if err != nil {
		return nil, err
	}
	return s.find(namespace, name), nil
}

// search returns what the server found: how it matches is its own affair.
func (a *api) search(ctx context.Context, term string) ([]skills.CatalogEntry, error) {
	s, err := a.term(term).get(ctx)
	if err != nil {
		return nil, err
	}
	return s.entries, nil
}

// term returns the keeper of a term's answer.
func (a *api) term(term string) *refresher {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := strings.ToLower(term)
	if r, ok := a.terms[key]; ok {
		return r
	}
	if len(a.terms) >= maxTerms {
		a.forgetOne()
	}
	r := a.refresher(term, termTTL)
	a.terms[key] = r
	return r
}

// forgetOne makes room by dropping any one search: each costs a request at most.
func (a *api) forgetOne() {
	for key := range a.terms {
		delete(a.terms, key)
		return
	}
}

// refresher keeps the listing for a term, or the whole one for "".
func (a *api) refresher(term string, ttl time.Duration) *refresher {
	fetch := func(ctx context.Context, _ *snapshot) (*snapshot, error) { return a.list(ctx, term) }
	return &refresher{fetch: fetch, ttl: ttl, now: a.now, log: a.log}
}

// list pages through what the server has for the term.
func (a *api) list(ctx context.Context, term string) (*snapshot, error) {
	var entries list
	var size int
	seen := map[string]bool{}
	for cursor := ""; ; {
		text, err := a.page(ctx, term, cursor)
		if err != nil {
			return nil, err
		}
		more, next, err := parsePage(text)
		if err == nil {
			err = entries.add(more)
		}
		if size += len(text); err == nil && size > maxListing {
			err = fmt.Errorf("it is over %d MiB", maxListing>>20)
		}
		if err != nil {
			return nil, noCatalogue(shown(a.base), err)
		}
		if next == "" {
			break
		}
		seen[cursor] = true
		if seen[next] {
			return nil, noCatalogue(shown(a.base), errors.New("its pages lead back to one another"))
		}
		if len(seen) == maxPages {
			return nil, noCatalogue(shown(a.base), fmt.Errorf("it has over %d pages", maxPages))
		}
		cursor = next
	}
	s := newSnapshot(entries)
	s.logSkipped(a.log)
	return s, nil
}

// page asks for one page.
func (a *api) page(ctx context.Context, term, cursor string) ([]byte, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if term != "" {
		query.Set("search", term)
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	u := a.base.JoinPath(apiPath)
	u.RawQuery = query.Encode()
	answer, err := get(ctx, a.client, u, http.Header{})
	if err != nil {
		return nil, err
	}
	if answer.status != http.StatusOK {
		return nil, answered(u, answer.status)
	}
	return answer.body, nil
}
