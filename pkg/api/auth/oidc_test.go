// SPDX-License-Identifier: Apache-2.0

package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/api/auth"
	"github.com/skilld/skilld/pkg/skills"
)

const audience = "skilld"

// now is when every test happens.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// provider is an OpenID Connect provider on loopback.
type provider struct {
	oidctest.Server
	url string
	key *rsa.PrivateKey
	// down makes it answer 503, and asked counts the requests.
	down  atomic.Bool
	asked atomic.Int64
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{key: newKey(t)}
	p.PublicKeys = []oidctest.PublicKey{{PublicKey: p.key.Public(), KeyID: "one", Algorithm: oidc.RS256}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		if p.down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	p.SetIssuer(p.url)
	return p
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

// claims are those of a good token; more, as JSON, goes before them.
func (p *provider) claims(more string) string {
	if more != "" {
		more += ","
	}
	return fmt.Sprintf(`{%s"iss":%q,"aud":%q,"sub":"ada","exp":%d}`, more, p.url, audience, now.Add(time.Minute).Unix())
}

func (p *provider) sign(claims string) string {
	return oidctest.SignIDToken(p.key, "one", oidc.RS256, claims)
}

func (p *provider) verifier(t *testing.T) *auth.OIDC {
	t.Helper()
	made, err := auth.NewOIDC(p.url, audience, func() time.Time { return now })
	require.NoError(t, err)
	return made
}

func TestOIDCTokens(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	verifier := p.verifier(t)
	assert.Zero(t, p.asked.Load(), "the provider is asked when the first token comes")

	good := p.sign(p.claims(""))
	require.NoError(t, verifier.Verify(t.Context(), good))
	require.NoError(t, verifier.Verify(t.Context(), p.sign(fmt.Sprintf(`{"iss":%q,"aud":["x",%q],"exp":%d}`, p.url, audience, now.Unix()+1))))
	require.NoError(t, verifier.Verify(t.Context(), good))
	assert.EqualValues(t, 2, p.asked.Load(), "what it is, and its keys, once each")

	head, body, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(body, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for name, token := range map[string]string{
		"another audience":    p.sign(fmt.Sprintf(`{"iss":%q,"aud":"else","exp":%d}`, p.url, now.Add(time.Minute).Unix())),
		"no audience":         p.sign(fmt.Sprintf(`{"iss":%q,"exp":%d}`, p.url, now.Add(time.Minute).Unix())),
		"another issuer":      p.sign(fmt.Sprintf(`{"iss":"https://evil.example","aud":%q,"exp":%d}`, audience, now.Add(time.Minute).Unix())),
		"expired":             p.sign(fmt.Sprintf(`{"iss":%q,"aud":%q,"exp":%d}`, p.url, audience, now.Add(-time.Second).Unix())),
		"no expiry":           p.sign(fmt.Sprintf(`{"iss":%q,"aud":%q}`, p.url, audience)),
		"not valid yet":       p.sign(p.claims(fmt.Sprintf(`"nbf":%d`, now.Add(time.Hour).Unix()))),
		"another key":         oidctest.SignIDToken(newKey(t), "one", oidc.RS256, p.claims("")),
		"an unknown key":      oidctest.SignIDToken(newKey(t), "two", oidc.RS256, p.claims("")),
		"another algorithm":   oidctest.SignIDToken(p.key, "one", oidc.RS512, p.claims("")),
		"unsigned":            unsigned + "." + payload + ".",
		"unsigned, signature": unsigned + "." + payload + "." + signature,
		"no signature":        head + "." + payload + ".",
		"changed":             head + "." + base64.RawURLEncoding.EncodeToString([]byte(p.claims(`"x":1`))) + "." + signature,
		"not JSON":            p.sign("x"),
		"text":                "s3cret",
		"dots":                "..",
		"empty":               "",
	} {
		err := verifier.Verify(t.Context(), token)
		assert.True(t, skills.IsKind(err, skills.Unauthenticated), "%s: %v", name, err)
	}
}

func TestOIDCProviderIsDown(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	var clock atomic.Int64
	clock.Store(now.Unix())
	verifier, err := auth.NewOIDC(p.url, audience, func() time.Time { return time.Unix(clock.Load(), 0) })
	require.NoError(t, err)
	good := p.sign(p.claims(""))
	unavailable := func(token string) {
		t.Helper()
		err := verifier.Verify(t.Context(), token)
		assert.True(t, skills.IsKind(err, skills.Unavailable), "%v", err)
		assert.ErrorContains(t, err, p.url)
	}

	p.down.Store(true)
	unavailable(good)
	unavailable(good)
	assert.EqualValues(t, 1, p.asked.Load(), "it is left alone for a while")
	assert.True(t, skills.IsKind(verifier.Verify(t.Context(), "s3cret"), skills.Unauthenticated), "that can be told without it")

	p.down.Store(false)
	unavailable(good)
	clock.Add(6)
	require.NoError(t, verifier.Verify(t.Context(), good), "it is asked again")

	p.down.Store(true)
	require.NoError(t, verifier.Verify(t.Context(), good), "known keys are enough")
	unavailable(oidctest.SignIDToken(newKey(t), "two", oidc.RS256, p.claims("")))
}

func TestOIDCKeysRotate(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	verifier := p.verifier(t)
	require.NoError(t, verifier.Verify(t.Context(), p.sign(p.claims(""))))
	next := newKey(t)
	p.PublicKeys = []oidctest.PublicKey{{PublicKey: next.Public(), KeyID: "two", Algorithm: oidc.RS256}}
	require.NoError(t, verifier.Verify(t.Context(), oidctest.SignIDToken(next, "two", oidc.RS256, p.claims(""))))
}

func TestOIDCManyCallersAskOnce(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	verifier := p.verifier(t)
	good := p.sign(p.claims(""))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { assert.NoError(t, verifier.Verify(context.Background(), good)) })
	}
	all.Wait()
	assert.Less(t, p.asked.Load(), int64(20))
}

func TestNewOIDCRefusesUnsafeIssuers(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"", "idp.example.com", "http://idp.example.com", "ftp://idp.example.com", "https://", "https://a:b@idp.example.com", "https://idp.example.com?x=y", "http://127.0.0.1.example.com"} {
		_, err := auth.NewOIDC(issuer, audience, time.Now)
		assert.True(t, skills.IsKind(err, skills.Invalid), "%s: %v", issuer, err)
	}
	for _, issuer := range []string{"https://idp.example.com/realms/x", "http://localhost:8080", "http://[::1]:1/x"} {
		_, err := auth.NewOIDC(issuer, audience, time.Now)
		require.NoError(t, err)
	}
	_, err := auth.NewOIDC("https://idp.example.com", "", time.Now)
	assert.True(t, skills.IsKind(err, skills.Invalid), "%v", err)
}
