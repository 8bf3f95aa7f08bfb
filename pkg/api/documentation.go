// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/go-chi/chi/v5"
	swaggerui "github.com/swaggo/http-swagger/v2"

	"github.com/skilld/skilld/docs/server"
	apierrors "github.com/skilld/skilld/pkg/api/errors"
)

const (
	documentPath = "/api/openapi.json"
	pagePath     = "/api/doc"
)

// pageFiles are the files that the documentation page consists of. The bundle
// has more, which the page does not use and which name outside addresses.
var pageFiles = map[string]bool{
	"index.html":                      true,
	"swagger-ui.css":                  true,
	"swagger-ui-bundle.js":            true,
	"swagger-ui-standalone-preset.js": true,
	"favicon-16x16.png":               true,
	"favicon-32x32.png":               true,
}

// addDocumentation adds the OpenAPI document and the page that shows it. Both
// come out of the binary; nothing is fetched from elsewhere.
func addDocumentation(r chi.Router, log *slog.Logger) error {
	ui := swaggerui.Handler(swaggerui.URL(documentPath))
	policy, err := pagePolicy(ui)
	if err != nil {
		return err
	}
	r.Get(documentPath, serveDocument())
	r.Get(pagePath, redirectToPage)
	r.Get(pagePath+"/{file}", apierrors.Handler(log, servePage(ui, policy)))
	return nil
}

// serveDocument answers with the OpenAPI document.
//
//	@Summary		Get the OpenAPI document
//	@Description	This document, as JSON.
//	@ID				getOpenAPI
//	@Tags			system
//	@Success		200	{object}	map[string]any		"The OpenAPI 3.1 document"
//	@Success		304	"The client has this document already"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Header			200,304	{string}	ETag	"Identifies exactly this document"
//	@Router			/api/openapi.json [get]
func serveDocument() http.HandlerFunc {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(server.Document))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		// Parts of a JSON document are of no use to anybody.
		whole := r.Clone(r.Context())
		whole.Header.Del("Range")
		http.ServeContent(w, whole, "", time.Time{}, bytes.NewReader(server.Document))
	}
}

// redirectToPage leads to the page, whose own links need a folder to start from.
//
//	@Summary		Open the documentation page
//	@Description	Leads to Swagger UI, which shows this document and needs no internet.
//	@ID				getDocumentation
//	@Tags			system
//	@Success		302	"The page is at /api/doc/index.html"
//	@Failure		403	{object}	apierrors.Problem	"The Host header names neither a loopback name nor an allowed host"
//	@Header			302	{string}	Location	"The path of the page"
//	@Router			/api/doc [get]
func redirectToPage(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, pagePath+"/index.html", http.StatusFound)
}

// servePage answers with a file of the page.
func servePage(ui http.Handler, policy string) apierrors.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := chi.URLParam(r, "file")
		if !pageFiles[name] {
			return notFound(w, r)
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", policy)
		ui.ServeHTTP(w, pageRequest(r, name))
		return nil
	}
}

// pageRequest is a request for a file in the one form that the page's handler
// understands: a GET whose RequestURI is a path without a query.
func pageRequest(r *http.Request, name string) *http.Request {
	plain := r.Clone(r.Context())
	plain.Method = http.MethodGet
	plain.RequestURI = pagePath + "/" + name
	return plain
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// pagePolicy returns a Content-Security-Policy (CSP level 3) that lets the page
// run its own scripts and the one inline script that it has, and speak to
// nobody but this daemon. Styles may be inline: Swagger UI sets them as it goes.
func pagePolicy(ui http.Handler) (string, error) {
	page := pageText{header: make(http.Header)}
	ui.ServeHTTP(&page, pageRequest(&http.Request{}, "index.html"))
	script := inlineScript.FindSubmatch(page.Bytes())
	if script == nil {
		return "", errors.New("the documentation page has no inline script to make its Content-Security-Policy for")
	}
	hash := sha256.Sum256(script[1])
	return "default-src 'none'; script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; " +
		"style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nil
}

// pageText is a response writer that keeps the body.
type pageText struct {
	bytes.Buffer
	header http.Header
}

// Header returns the answer's header.
func (p *pageText) Header() http.Header { return p.header }

// WriteHeader does nothing: only the body matters here.
func (p *pageText) WriteHeader(int) {}
