// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/skilld/skilld/pkg/skills"
)

// maxURL bounds the URL of a source, in bytes.
const maxURL = 2048

// Source says where the catalogue comes from. The zero value is no catalogue.
type Source struct {
	Type skills.CatalogType `json:"type"`
	// Location is the absolute path of a file, the URL of a file, or the base
	// URL of an API; empty for the default source.
	Location string `json:"location"`
	// AllowPrivate permits hosts with loopback and private addresses, and
	// plain HTTP with any host.
	AllowPrivate bool `json:"allow_private_ip"`
}

// NewSource returns the source of which one field at most is set: localPath the
// path of a catalogue file, fileURL the URL of one, apiURL the base URL of a
// registry API. With none it is the default source. It returns an Invalid error where two
// are set, or where the one that is set is malformed.
func NewSource(localPath, fileURL, apiURL string, allowPrivate bool) (Source, error) {
	s := Source{Type: skills.CatalogDefault}
	given := 0
	for _, candidate := range []Source{
		{Type: skills.CatalogFile, Location: localPath},
		{Type: skills.CatalogURL, Location: fileURL, AllowPrivate: allowPrivate},
		{Type: skills.CatalogAPI, Location: apiURL, AllowPrivate: allowPrivate},
	} {
		if candidate.Location != "" {
			s = candidate
			given++
		}
	}
	if given > 1 {
		return Source{}, skills.Errorf(skills.Invalid, "only one of local_path, url and api_url may be given")
	}
	return s, s.check()
}

// ParseSource returns the source that a flag or variable names: the URL of a
// catalogue file, or the path of one; empty for none. It returns an Invalid
// error if it is malformed.
func ParseSource(location string, allowPrivate bool) (Source, error) {
	if location == "" {
		return Source{Type: skills.CatalogDefault}, nil
	}
	if strings.Contains(location, "://") {
		return NewSource("", location, "", allowPrivate)
	}
	path, err := filepath.Abs(location)
	if err != nil {
		return Source{}, skills.Wrap(skills.Invalid, err, "the catalogue's path %q cannot be made absolute", location)
	}
	return NewSource(path, "", "", false)
}

// check returns an Invalid error if the location is malformed. It does not look
// whether there is anything.
func (s Source) check() error {
	switch s.Type {
	case skills.CatalogDefault:
		return nil
	case skills.CatalogFile:
		return skills.CheckPath("local_path", s.Location)
	case skills.CatalogURL, skills.CatalogAPI:
		_, err := s.url()
		return err
	default:
		return skills.Errorf(skills.Invalid, "%q is not a type of catalogue", s.Type)
	}
}

// url parses the location of a URL or an API.
func (s Source) url() (*url.URL, error) {
	invalid := func(rule string) error {
		return skills.Errorf(skills.Invalid, "the catalogue's URL %q %s", abbreviate(s.Location), rule)
	}
	u, err := url.Parse(s.Location)
	switch {
	case len(s.Location) > maxURL:
		return nil, invalid(fmt.Sprintf("has over %d bytes", maxURL))
	case err != nil:
		return nil, skills.Wrap(skills.Invalid, err, "the catalogue's URL %q is malformed", abbreviate(s.Location))
	case u.User != nil:
		// Not named in the message: it holds a password.
		return nil, skills.Errorf(skills.Invalid, "the catalogue's URL must not have a user name or password in it")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", !validPort(u.Port()):
		return nil, invalid("must be like https://host/path")
	case u.Scheme == "http" && !s.AllowPrivate:
		return nil, invalid("must begin with https://; plain http:// needs allow_private_ip")
	case u.Fragment != "", s.Type == skills.CatalogAPI && u.RawQuery != "":
		return nil, invalid("must not have a query or a fragment")
	}
	if u.Path == "" {
		// JoinPath makes a relative path of an empty one.
		u.Path = "/"
	}
	return u, nil
}

func validPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

// abbreviate keeps a message readable when its input is not.
func abbreviate(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// source answers questions about a catalogue. The errors have the kinds that
// [Catalog.Set] documents, or are those of a context.
type source interface {
	// all returns the whole catalogue.
	all(ctx context.Context) (*snapshot, error)
	// find returns the entries of a name; see snapshot.find.
	find(ctx context.Context, namespace, name string) ([]skills.CatalogEntry, error)
	// search returns the entries that match a term.
	search(ctx context.Context, term string) ([]skills.CatalogEntry, error)
}

// whole is a source that is always read as one.
type whole func(ctx context.Context) (*snapshot, error)

func (w whole) all(ctx context.Context) (*snapshot, error) { return w(ctx) }

func (w whole) find(ctx context.Context, namespace, name string) ([]skills.CatalogEntry, error) {
	s, err := w(ctx)
	if err != nil {
		return nil, err
	}
	return s.find(namespace, name), nil
}

func (w whole) search(ctx context.Context, term string) ([]skills.CatalogEntry, error) {
	s, err := w(ctx)
	if err != nil {
		return nil, err
	}
	return s.at(s.search(term)), nil
}

// none is the catalogue of no source.
func none(context.Context) (*snapshot, error) { return newSnapshot(list{}), nil }
