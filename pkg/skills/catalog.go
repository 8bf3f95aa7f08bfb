// SPDX-License-Identifier: Apache-2.0

package skills

import "context"

// Catalog is the catalogue of published skills, as the HTTP handlers see it.
// Every error has a kind; a question fails with Upstream or Timeout where the
// catalogue's source has never answered.
type Catalog interface {
	// CatalogInfo says what the catalogue is, whether or not it can be read now.
	CatalogInfo(ctx context.Context) CatalogInfo
	// ChooseCatalog makes another source the catalogue, also after a restart,
	// and returns its type. On an error everything stays as it was. Invalid: two
	// sources, a malformed one, or a file that does not exist. Forbidden: a file
	// that requests may not name. Upstream: what is no catalogue. Timeout: a
	// server that cannot be reached.
	ChooseCatalog(ctx context.Context, choice CatalogChoice) (CatalogType, error)
	// BrowseCatalog returns a page of the entries.
	BrowseCatalog(ctx context.Context, opts BrowseOptions) (CatalogPage, error)
	// CatalogEntry returns the entry of exactly this namespace and name, case
	// ignored. NotFound if there is none.
	CatalogEntry(ctx context.Context, namespace, name string) (CatalogEntry, error)
}

// CatalogType is what sort of source a catalogue has.
type CatalogType string

// The types of a catalogue's source.
const (
	// CatalogDefault is the source that skilld was started with; it may be none.
	CatalogDefault CatalogType = "default"
	// CatalogFile is a catalogue file on this machine.
	CatalogFile CatalogType = "file"
	// CatalogURL is a catalogue file on a web server.
	CatalogURL CatalogType = "url"
	// CatalogAPI is a registry API.
	CatalogAPI CatalogType = "api"
)

// CatalogInfo says what the catalogue is.
type CatalogInfo struct {
	// Version and LastUpdated are what a catalogue file says of itself; empty
	// where it says nothing, and for an API.
	Version     string
	LastUpdated string
	Type        CatalogType
	// Source is the path or URL; empty where there is no catalogue.
	Source string
}

// CatalogChoice names a source; without one it is the default.
type CatalogChoice struct {
	// LocalPath is the absolute path of a catalogue file, URL the address of
	// one, APIURL the base address of a registry API; one of them at most.
	LocalPath, URL, APIURL string
	// AllowPrivateIP permits hosts with loopback and private addresses, and
	// plain HTTP.
	AllowPrivateIP bool
}

// BrowseOptions choose a page of the catalogue.
type BrowseOptions struct {
	// Query is looked for in names, namespaces and descriptions, case ignored;
	// empty for every entry.
	Query string
	// Page counts from 1, and is 1 where it is less.
	Page int
	// Limit is how many entries a page has: 50 where it is below 1, and 200
	// where it is above.
	Limit int
}

// CatalogPage is a part of the catalogue.
type CatalogPage struct {
	// Entries are never nil.
	Entries []CatalogEntry
	// Total counts the entries of all pages.
	Total int
	// Page and Limit are what was asked for, within bounds.
	Page, Limit int
}
