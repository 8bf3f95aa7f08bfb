// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/skilld/skilld/pkg/skills"
	"github.com/skilld/skilld/pkg/telemetry/traceparent"
)

const (
	defaultPullTime = 5 * time.Minute
	defaultSilence  = 30 * time.Second
)

// RegistryOptions is how a [Registry] is to work. The zero value is usable.
type RegistryOptions struct {
	// UserAgent is who we say we are; "skilld" if it is empty.
	UserAgent string
	// PlainHTTP names hosts to be spoken to over HTTP without TLS, with a port
	// ("registry.local:5000") or for all ports ("registry.local"). Loopback
	// hosts need not be named.
	PlainHTTP []string
	// AllowPrivate lets registries on the public internet send the client on to
	// other addresses, too.
	AllowPrivate bool
	// Credential finds the credentials for a host; nil means those of the
	// Docker configuration file and its credential helpers, read each time they
	// are needed.
	Credential auth.CredentialFunc
	// Transport is how a request is sent; nil means one of our own.
	Transport http.RoundTripper
	// PullTime bounds a whole pull; 0 means 5 minutes.
	PullTime time.Duration
	// Silence is how long a connection may carry nothing while we wait for it;
	// 0 means 30 seconds.
	Silence time.Duration
}

// Registry is a client to all OCI registries. It keeps no credentials and
// nothing of what a registry answered, and is safe for concurrent use.
//
// The errors of its methods do not tell credentials. They are, apart from those
// that a method mentions:
//
//   - [*ResponseError] where the registry, or its token server, refused or
//     failed; [errors.As] finds an *errcode.ErrorResponse of oras-go, and
//     [errors.Is] errdef.ErrNotFound or auth.ErrBasicCredentialNotFound, in it.
//   - an error that is [context.DeadlineExceeded] or [context.Canceled] where
//     the context ended, or a limit of time was passed;
//   - an error without a kind for a connection that failed and for content that
//     is not what its digest promises.
//
// What a registry answers with 429 or 5xx, and connections that break before an
// answer, are tried again for a few seconds. A Retry-After is obeyed if it fits
// into them.
//
// A registry on the public internet cannot send the client on to addresses that
// are not, unless that is allowed; what goes through a proxy is left to that.
type Registry struct {
	options RegistryOptions
	// home and away send requests to the registry that was named, and to the
	// hosts that it sends us on to.
	home, away http.RoundTripper
}

// NewRegistry returns a client.
func NewRegistry(options RegistryOptions) *Registry {
	if options.UserAgent == "" {
		options.UserAgent = "skilld"
	}
	if options.Credential == nil {
		options.Credential = dockerCredential
	}
	home, away := options.Transport, options.Transport
	if options.Transport == nil {
		home, away = newTransport(), newAwayTransport()
	}
	if options.AllowPrivate {
		away = home
	}
	if options.PullTime == 0 {
		options.PullTime = defaultPullTime
	}
	if options.Silence == 0 {
		options.Silence = defaultSilence
	}
	return &Registry{options: options, home: traceparent.Transport(home), away: traceparent.Transport(away)}
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		// A blob must arrive as it is, or its digest would be another.
		DisableCompression: true,
	}
}

// Resolve asks the registry, with a HEAD request, what a reference stands for.
// The descriptor has a media type, a digest and a size, which nobody has
// checked.
func (r *Registry) Resolve(ctx context.Context, ref skills.Reference) (ocispec.Descriptor, error) {
	s := r.open(ref)
	desc, err := s.repo.Resolve(ctx, s.repo.Reference.Reference)
	return desc, s.explain(ctx, err)
}

// session is one dealing with one repository: it has connections in common with
// other sessions, but tokens, retries and refusals of its own.
type session struct {
	repo    *remote.Repository
	courier *courier
}

func (r *Registry) open(ref skills.Reference) *session {
	reference := registry.Reference{Registry: ref.Registry, Repository: ref.Repository, Reference: ref.Tag}
	if ref.Digest != "" {
		reference.Reference = ref.Digest
	}
	c := &courier{base: newBorder(reference.Host(), r.home, r.away), silence: r.options.Silence}
	return &session{
		courier: c,
		repo: &remote.Repository{
			Reference:          reference,
			PlainHTTP:          r.isPlain(ref.Registry),
			ManifestMediaTypes: []string{mediaTypeIndex, mediaTypeManifest},
			MaxMetadataBytes:   MaxManifestSize,
			Client: &auth.Client{
				Client:     &http.Client{Transport: c},
				Header:     http.Header{"User-Agent": {r.options.UserAgent}},
				Credential: r.options.Credential,
				Cache:      auth.NewCache(),
				ClientID:   "skilld",
			},
		},
	}
}

// isPlain reports whether a registry is spoken to without TLS.
func (r *Registry) isPlain(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	return isLoopback(name) || slices.ContainsFunc(r.options.PlainHTTP, func(plain string) bool {
		return strings.EqualFold(plain, host) || strings.EqualFold(plain, name)
	})
}

func isLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
