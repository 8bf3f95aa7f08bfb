// SPDX-License-Identifier: Apache-2.0

package api

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	apierrors "github.com/skilld/skilld/pkg/api/errors"
	v1 "github.com/skilld/skilld/pkg/api/v1"
	"github.com/skilld/skilld/pkg/skills"
)

// Config says what the API serves and to whom.
type Config struct {
	// Service does the work.
	Service skills.Service
	// Version is the release that GET /api/v1beta/version answers with.
	Version string
	// Log gets a line for each request, and the cause of each failure of ours,
	// with the request's id; nil for slog.Default.
	Log *slog.Logger
	// Hosts are the names and addresses, without a port, that a request's Host
	// may have besides the loopback ones: the host that the daemon is bound to
	// and the operator's exceptions.
	Hosts []string
	// Origins are the web origins ("https://app.example.com") whose pages may
	// call the API from a browser.
	Origins []string
	// Verifiers tell which bearer tokens are good; a token that one of them
	// accepts will do. Without any, everybody who can connect may call.
	Verifiers []Verifier
	// OverSocket says that the API is served on a Unix socket: no web page can
	// reach that, and the Host means nothing there.
	OverSocket bool
	// Tracers and Meters are told of each request; nil for nobody.
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider
	// Metrics answers GET /metrics; nil for no such route.
	Metrics http.Handler
}

// New returns the handler of the whole API. It returns an Invalid error where
// one of the hosts or origins is malformed.
func New(cfg Config) (http.Handler, error) {
	log := cfg.Log
	if log == nil {
		log = slog.Default()
	}
	log = slog.New(WithRequestID(log.Handler()))
	hosts, err := newHostCheck(cfg.Hosts, cfg.OverSocket, log)
	if err != nil {
		return nil, err
	}
	origins, err := newOriginCheck(cfg.Origins, log)
	if err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	router.Use(
		observe(cfg.Tracers, cfg.Meters),
		nameRoute,
		identify,
		logAccess(log),
		recoverPanics(log),
		setSecurityHeaders,
		hosts.middleware,
		origins.middleware,
		authenticate(cfg.Verifiers, log),
		routeOnEscapedPath,
		middleware.GetHead,
	)
	router.NotFound(apierrors.Handler(log, notFound))
	router.MethodNotAllowed(apierrors.Handler(log, methodNotAllowed))
	v1.Routes(router, cfg.Service, cfg.Version, log)
	if cfg.Metrics != nil {
		router.Get(metricsPath, serveMetrics(cfg.Metrics))
	}
	if err := addDocumentation(router, log); err != nil {
		return nil, err
	}
	return router, nil
}

// routeOnEscapedPath makes the router see the path as the client sent it, so
// that an encoded slash does not end a segment and a parameter is decoded
// exactly once.
//
// A slash at the end is ignored, but not for DELETE: a script whose variable is
// empty (DELETE …/builds/$TAG) must not reach another route than it meant.
func routeOnEscapedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if r.Method != http.MethodDelete && len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
		}
		chi.RouteContext(r.Context()).RoutePath = path
		next.ServeHTTP(w, r)
	})
}

func notFound(_ http.ResponseWriter, r *http.Request) error {
	return skills.Errorf(skills.NotFound, "there is no route %s; GET /api/doc shows them all", r.URL.EscapedPath())
}

// methodNotAllowed names the methods that the route does have, as RFC 9110,
// section 15.5.6 asks. A method that nobody has heard of leads here from any path.
func methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	at := chi.RouteContext(r.Context())
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if !at.Routes.Match(chi.NewRouteContext(), method, at.RoutePath) {
			continue
		}
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	if len(allowed) == 0 {
		return notFound(w, r)
	}
	methods := strings.Join(allowed, ", ")
	w.Header().Set("Allow", methods)
	return apierrors.MethodNotAllowed("%s has no %s; it has %s", r.URL.EscapedPath(), r.Method, methods)
}
