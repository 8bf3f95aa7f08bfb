// SPDX-License-Identifier: Apache-2.0

package registrytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd" // registers itself
	"github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/crypto/bcrypt"
)

// WithBasicAuth starts a registry that asks for this user name and password
// (RFC 7617).
func WithBasicAuth(t testing.TB, user, password string) *Server {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte(user+":"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, func(string) access {
		return access{config: configuration.Auth{"htpasswd": {"realm": "registrytest", "path": file}}}
	})
}

// WithTokenAuth starts a registry that asks for a bearer token, and the token
// server, at /token of the same host, that gives one for this user name and
// password and 401 otherwise (distribution, "Token Authentication Specification").
func WithTokenAuth(t testing.TB, user, password string) *Server {
	t.Helper()
	issuer := newIssuer(t, user, password)
	return start(t, func(host string) access {
		return access{
			token: issuer,
			config: configuration.Auth{"token": {
				"realm":   "http://" + host + "/token",
				"service": service,
				"issuer":  issuerName,
				"jwks":    issuer.jwksFile,
			}},
		}
	})
}

const (
	service    = "registrytest"
	issuerName = "registrytest-tokens"
)

// issuer is a token server.
type issuer struct {
	t              testing.TB
	user, password string
	jwksFile       string
	signer         jose.Signer
}

func newIssuer(t testing.TB, user, password string) *issuer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: token.GetJWKThumbprint(private.Public()), Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	return &issuer{t: t, user: user, password: password, jwksFile: file, signer: signer}
}

// ServeHTTP gives a token for whatever is asked for, if the password is right.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != i.user || password != i.password {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "the token server knows no such user")
		return
	}
	now := time.Now()
	signed, err := jwt.Signed(i.signer).Claims(token.ClaimSet{
		Issuer: issuerName, Subject: i.user, Audience: token.AudienceList{service},
		IssuedAt: now.Unix(), NotBefore: now.Add(-time.Minute).Unix(), Expiration: now.Add(time.Hour).Unix(),
		Access: grants(r.URL.Query()["scope"]),
	}).Serialize() //nolint:misspell // the library's name
	if err != nil {
		i.t.Errorf("signing a token: %v", err)
		refuse(w, http.StatusInternalServerError, "UNKNOWN", "cannot sign")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": signed}) // the client sees a failure
}

// grants returns what the scopes, such as "repository:org/name:pull,push", ask for.
func grants(scopes []string) []*token.ResourceActions {
	var access []*token.ResourceActions
	for _, scope := range scopes {
		parts := strings.Split(scope, ":")
		if len(parts) == 3 {
			access = append(access, &token.ResourceActions{Type: parts[0], Name: parts[1], Actions: strings.Split(parts[2], ",")})
		}
	}
	return access
}
