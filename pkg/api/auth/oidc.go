// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// providerTime bounds one request to the provider.
	providerTime = 10 * time.Second
	// retryAfter is how long a provider that failed is left alone.
	retryAfter = 5 * time.Second
)

// OIDC accepts the JSON Web Tokens of one OpenID Connect provider that are
// signed by it, are meant for one audience, and have not expired. The
// provider's own description (OpenID Connect Discovery 1.0) and keys are asked
// for when the first token comes, so that a daemon can start without it; keys
// are asked for again when a token names one that is not known.
type OIDC struct {
	issuer   string
	config   *oidc.Config
	client   *http.Client
	audience string
	now      func() time.Time

	// mu is held while the provider is asked what it is.
	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	// failure is why the provider could not be asked last, and retry when it
	// may be asked again.
	failure error
	retry   time.Time
}

// NewOIDC returns what accepts the tokens of the issuer for the audience. It
// does not ask the issuer anything yet. now is the clock. It returns an Invalid
// error for an issuer that is not an https URL (http will do for a loopback
// host), and for a missing audience.
func NewOIDC(issuer, audience string, now func() time.Time) (*OIDC, error) {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, skills.Errorf(skills.Invalid, "the OIDC issuer %q must be a URL like https://idp.example.com/realm", issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, skills.Errorf(skills.Invalid, "the OIDC issuer %q must begin with https://; its keys decide who may call", issuer)
	case audience == "":
		return nil, skills.Errorf(skills.Invalid, "the OIDC audience is missing: tokens that %s made for other services would be good here", issuer)
	}
	return &OIDC{
		issuer: issuer, audience: audience, now: now,
		config: &oidc.Config{ClientID: audience, Now: now},
		client: &http.Client{Timeout: providerTime, Transport: provider{http.DefaultTransport}},
	}, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Verify accepts a good token. It returns an Unauthenticated error that says
// what is wrong with another, and an Unavailable one where the provider, whose
// keys would tell, cannot be asked.
func (o *OIDC) Verify(ctx context.Context, token string) error {
	// What is no signed token at all is no reason to bother the provider.
	if strings.Count(token, ".") != 2 {
		return skills.Errorf(skills.Unauthenticated, "the bearer token is not a signed JSON Web Token of %s", o.issuer)
	}
	verifier, err := o.discover()
	if err != nil {
		return o.unavailable(err)
	}
	var signature signatureCheck
	_, err = verifier.Verify(context.WithValue(ctx, signatureKey{}, &signature), token)
	var unreachable *url.Error
	var expired *oidc.TokenExpiredError
	switch {
	case err == nil:
		return nil
	case errors.As(signature.err, &unreachable), ctx.Err() != nil:
		return o.unavailable(err)
	case errors.As(err, &expired):
		return skills.Wrap(skills.Unauthenticated, err, "the bearer token has expired, at %s", expired.Expiry.UTC().Format(time.RFC3339))
	default:
		return skills.Wrap(skills.Unauthenticated, err, "the bearer token is not one of %s for %q: %s", o.issuer, o.audience, reason(err))
	}
}

func (o *OIDC) unavailable(err error) error {
	return skills.Wrap(skills.Unavailable, err, "the bearer token cannot be checked: its issuer %s cannot be asked", o.issuer)
}

// reason is what was wrong with a token, for its owner.
func reason(err error) string { return strings.TrimPrefix(err.Error(), "oidc: ") }

// discover asks the provider what it is, once. Callers that come while it is
// asked, or soon after it failed, get the same answer.
func (o *OIDC) discover() (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	if o.failure != nil && o.now().Before(o.retry) {
		return nil, o.failure
	}
	// Not the context of a request: the answer is for all that wait.
	ctx := oidc.ClientContext(context.Background(), o.client)
	found, err := oidc.NewProvider(ctx, o.issuer)
	if err != nil {
		o.failure, o.retry = err, o.now().Add(retryAfter)
		return nil, err
	}
	var described struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := found.Claims(&described); err != nil {
		return nil, err
	}
	config := *o.config
	config.SupportedSigningAlgs = asymmetric(described.Algorithms)
	o.verifier = oidc.NewVerifier(o.issuer, keySet{oidc.NewRemoteKeySet(ctx, described.Keys)}, &config)
	return o.verifier, nil
}

// asymmetric returns the signature algorithms that can be checked without a
// secret (RFC 7518, section 3.1; RFC 8037).
func asymmetric(algorithms []string) []string {
	var found []string
	for _, algorithm := range algorithms {
		switch algorithm {
		case oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA:
			found = append(found, algorithm)
		}
	}
	return found
}

// signatureKey is where a context has its signatureCheck.
type signatureKey struct{}

// signatureCheck is how the check of one token's signature ended. It is kept
// beside, because the verifier's error has only the text of it.
type signatureCheck struct{ err error }

// keySet notes how a check ended in the context's signatureCheck.
type keySet struct{ oidc.KeySet }

// VerifySignature implements oidc.KeySet.
func (k keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	if check, ok := ctx.Value(signatureKey{}).(*signatureCheck); ok {
		check.err = err
	}
	return payload, err
}

// maxDocument bounds what is read of a provider's answer, in bytes.
const maxDocument = 1 << 20

// provider is a transport that bounds answers, and takes every answer but a
// success or a redirect for a failure.
type provider struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p provider) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := p.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, errors.Join(fmt.Errorf("the provider answered %s", response.Status), response.Body.Close())
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxDocument)
	return response, nil
}
