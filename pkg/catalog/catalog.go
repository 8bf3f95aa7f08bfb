// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skilld/skilld/pkg/netguard"
	"github.com/skilld/skilld/pkg/skills"
)

// settingKey is under which the chosen source is kept.
const settingKey = "catalog.source"

// Settings keeps values across restarts.
type Settings interface {
	// Setting returns a value, and false if there is none.
	Setting(ctx context.Context, key string) ([]byte, bool, error)
	// SetSetting keeps a value in place of any before.
	SetSetting(ctx context.Context, key string, value []byte) error
	// DeleteSetting forgets a value; one that is not there is no error.
	DeleteSetting(ctx context.Context, key string) error
}

// Config is what a catalogue needs.
type Config struct {
	// Default is the source while none is chosen; see [ParseSource].
	Default Source
	// AllowPrivate permits every source hosts with loopback and private
	// addresses. Plain HTTP still needs the source's own AllowPrivate.
	AllowPrivate bool
	// Settings keeps the chosen source.
	Settings Settings
	// Log is told what is left out and which refresh failed; nil for nobody.
	Log *slog.Logger
	// Lookup resolves host names; nil for the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Now is the clock; nil for the system's.
	Now func() time.Time
}

// Catalog is the catalogue of published skills. It may be used by several
// goroutines.
//
// A question fails only if the source never answered: the error is a Timeout
// one where it cannot be reached, an Upstream one where it holds no catalogue or
// does not exist. A context that ends gives the context's error.
type Catalog struct {
	config Config
	// guarded dials public addresses only, open any.
	guarded, open *http.Client

	// choosing is held while the source changes.
	choosing sync.Mutex
	current  atomic.Pointer[choice]
}

// choice is a source with what reads it.
type choice struct {
	info skills.CatalogInfo
	source
}

// Open returns the catalogue of the source that was chosen last, else the
// default one. Nothing is loaded before the first question. It returns an
// Invalid error if the default source is malformed.
func Open(ctx context.Context, config Config) (*Catalog, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	c := &Catalog{
		config:  config,
		guarded: client(&netguard.Dialer{Lookup: config.Lookup}),
		open:    client(&netguard.Dialer{Lookup: config.Lookup, AllowPrivate: true}),
	}
	standard, err := c.standard()
	if err != nil {
		return nil, err
	}
	c.current.Store(standard)
	return c, c.restore(ctx)
}

func client(dialer *netguard.Dialer) *http.Client {
	return &http.Client{Transport: dialer.Transport(), CheckRedirect: netguard.CheckRedirect}
}

// restore makes the source that was chosen before a restart current.
func (c *Catalog) restore(ctx context.Context) error {
	value, ok, err := c.config.Settings.Setting(ctx, settingKey)
	if err != nil || !ok {
		return err
	}
	var s Source
	err = json.Unmarshal(value, &s)
	var chosen *choice
	if err == nil {
		chosen, err = c.choose(s)
	}
	if err != nil {
		c.config.Log.Warn("the chosen catalogue cannot be restored; the default one is used", "error", err)
		return nil
	}
	c.current.Store(chosen)
	return nil
}

// standard returns the default choice.
func (c *Catalog) standard() (*choice, error) {
	chosen, err := c.choose(c.config.Default)
	if err != nil {
		return nil, err
	}
	chosen.info.Type = skills.CatalogDefault
	return chosen, nil
}

// choose returns the choice of a source, not loaded yet.
func (c *Catalog) choose(s Source) (*choice, error) {
	if s.Type == "" {
		s.Type = skills.CatalogDefault
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	chosen := &choice{info: skills.CatalogInfo{Type: s.Type, Source: s.Location}}
	log, now := c.config.Log, c.config.Now
	switch s.Type {
	case skills.CatalogFile:
		chosen.source = whole((&file{path: s.Location, log: log, now: now}).get)
		return chosen, nil
	case skills.CatalogDefault:
		chosen.source = whole(none)
		return chosen, nil
	}
	u, err := s.url()
	if err != nil {
		return nil, err
	}
	web := c.guarded
	if s.AllowPrivate || c.config.AllowPrivate {
		web = c.open
	}
	log = log.With("url", shown(u))
	if s.Type == skills.CatalogAPI {
		chosen.source = newAPI(u, web, log, now)
		return chosen, nil
	}
	r := &remote{url: u, client: web, log: log}
	chosen.source = whole((&refresher{fetch: r.fetch, ttl: remoteTTL, now: now, log: log}).get)
	return chosen, nil
}

// Set checks and loads the source and makes it the catalogue, also after a
// restart. On an error everything stays as it was. A default source resets.
//
// Errors are Invalid for a file that does not exist, a malformed URL and a host
// that is not permitted; Upstream for what is no catalogue; Timeout for a server
// that cannot be reached or does not answer.
func (c *Catalog) Set(ctx context.Context, s Source) error {
	if s.Type == "" || s.Type == skills.CatalogDefault {
		return c.Reset(ctx)
	}
	chosen, err := c.choose(s)
	if err != nil {
		return err
	}
	if _, err := chosen.all(ctx); err != nil {
		return inTime(err)
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	c.choosing.Lock()
	defer c.choosing.Unlock()
	if err := c.config.Settings.SetSetting(ctx, settingKey, value); err != nil {
		return err
	}
	c.current.Store(chosen)
	return nil
}

// Reset goes back to the default source, also after a restart.
func (c *Catalog) Reset(ctx context.Context) error {
	standard, err := c.standard()
	if err != nil {
		return err
	}
	c.choosing.Lock()
	defer c.choosing.Unlock()
	if err := c.config.Settings.DeleteSetting(ctx, settingKey); err != nil {
		return err
	}
	c.current.Store(standard)
	return nil
}

// inTime gives a deadline of the caller's that passed its kind.
func inTime(err error) error {
	var kinded *skills.Error
	if errors.As(err, &kinded) || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return skills.Wrap(skills.Timeout, err, "the catalogue did not answer in time")
}

// lookupError gives a failed question its kind. A source that is no longer
// permitted or not there is not the fault of the one who asks.
func lookupError(err error) error {
	if skills.IsKind(err, skills.Invalid) {
		return skills.Wrap(skills.Upstream, err, "%s", err.Error())
	}
	return inTime(err)
}
