// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/skilld/skilld/internal/golden"
	"github.com/skilld/skilld/internal/registrytest"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

const (
	user     = "alice"
	password = "correct horse"
)

func TestRoundTripThroughEveryKindOfRegistry(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]*registrytest.Server{
		"open":  registrytest.Open(t),
		"basic": registrytest.WithBasicAuth(t, user, password),
		"token": registrytest.WithTokenAuth(t, user, password),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(user, password)
			ref := reference(t, server.Reference("org/release-notes", "v1"))
			built := publish(t, client, ref, "release-notes")

			resolved, err := client.Resolve(t.Context(), ref)
			require.NoError(t, err)
			assert.Equal(t, built.Descriptor, resolved)

			lease := scratch(t)
			desc, err := client.Pull(t.Context(), ref, lease)
			require.NoError(t, err)
			assert.Equal(t, built.Descriptor, desc)
			artifact, err := oci.ReadArtifact(t.Context(), lease, desc)
			require.NoError(t, err)
			assert.Equal(t, "release-notes", artifact.Name)
			assert.NoError(t, oci.Extract(t.Context(), lease, artifact.Layer, drain))
			require.NoError(t, lease.Tag(t.Context(), desc, "whole"), "all that the index names is there")

			for _, request := range server.Requests() {
				assert.Equal(t, "skilld/test", request.UserAgent, "%s %s", request.Method, request.Path)
			}
		})
	}
}

func TestPullByDigest(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	client := newClient("", "")
	built := publish(t, client, reference(t, server.Reference("org/minimal", "v1")), "minimal")
	ref := reference(t, server.Host+"/org/minimal@"+built.Descriptor.Digest.String())
	desc, err := client.Pull(t.Context(), ref, scratch(t))
	require.NoError(t, err)
	assert.Equal(t, built.Descriptor, desc)
}

func TestRegistryRefusals(t *testing.T) {
	t.Parallel()
	const repository = "org/minimal"
	manifest := func(fault registrytest.Fault) registrytest.Fault {
		return registrytest.On("", "/manifests/", fault)
	}
	cases := map[string]struct {
		server   func(t testing.TB) *registrytest.Server
		fault    registrytest.Fault
		anon     bool
		password string
		status   int
		says     string
		is       error
		after    time.Duration
		asked    int
	}{
		"basic, no credentials": {
			server: basic, anon: true, status: 401, says: "docker login", is: auth.ErrBasicCredentialNotFound, asked: 1,
		},
		"basic, wrong password": {server: basic, password: "wrong", status: 401, says: "authentication required", asked: 2},
		"token, no credentials": {server: tokens, anon: true, status: 401, says: "knows no such user", asked: 1},
		"token, wrong password": {server: tokens, password: "wrong", status: 401, says: "knows no such user", asked: 1},
		"token server forbids": {
			server: tokens, fault: registrytest.On("", "/token", registrytest.Status(403, "DENIED", "not yours")), status: 403, says: "not yours", asked: 1,
		},
		"token server fails": {
			server: tokens, fault: registrytest.On("", "/token", registrytest.Status(503, "UNAVAILABLE", "token server is down")),
			status: 503, says: "token server is down", asked: 1,
		},
		"forbidden": {
			fault: manifest(registrytest.Status(403, "DENIED", "requested access to the resource is denied")), status: 403,
			says: "requested access to the resource is denied", asked: 1,
		},
		"not found": {fault: manifest(registrytest.Status(404, "MANIFEST_UNKNOWN", "manifest unknown")), status: 404, says: "manifest unknown", is: errdef.ErrNotFound, asked: 1},
		"rate limit that says nothing": {
			fault: manifest(registrytest.RateLimit("")), status: 429, says: "pull rate limit", asked: 4,
		},
		"rate limit for long": {
			fault: manifest(registrytest.RateLimit("3600")), status: 429, says: "pull rate limit", after: time.Hour, asked: 1,
		},
		"rate limit for short": {
			fault: manifest(registrytest.RateLimit("1")), status: 429, says: "pull rate limit", after: time.Second, asked: 4,
		},
		"500": {fault: manifest(registrytest.Status(500, "UNKNOWN", "disk on fire")), status: 500, says: "disk on fire", asked: 4},
		"503": {fault: manifest(registrytest.Status(503, "UNAVAILABLE", "back soon")), status: 503, says: "back soon", asked: 4},
		"a blob that is not there": {
			fault: registrytest.On("", "/blobs/", registrytest.Status(404, "BLOB_UNKNOWN", "blob unknown")), status: 404, says: "blob unknown", is: errdef.ErrNotFound, asked: 2,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.server == nil {
				c.server = registrytest.Open
			}
			server := c.server(t)
			ref := reference(t, server.Reference(repository, "v1"))
			publish(t, newClient(user, password), ref, "minimal")
			server.Forget()
			server.Break(c.fault)

			client := newClient(user, c.password)
			switch {
			case c.anon:
				client = newClient("", "")
			case c.password == "":
				client = newClient(user, password)
			}
			_, err := client.Pull(t.Context(), ref, scratch(t))
			var response *oci.ResponseError
			require.ErrorAs(t, err, &response)
			assert.Equal(t, c.status, response.StatusCode)
			assert.Equal(t, c.after, response.RetryAfter)
			assert.Equal(t, server.Host, response.Host)
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "horse")
			assert.Equal(t, skills.Internal, skills.KindOf(err), "the kind is for others to say")
			assert.Equal(t, c.asked, server.Count(http.MethodGet, "/manifests/"))
			if c.is != nil {
				assert.ErrorIs(t, err, c.is)
			} else {
				var answer *errcode.ErrorResponse
				assert.ErrorAs(t, err, &answer)
			}
		})
	}
}

func basic(t testing.TB) *registrytest.Server  { return registrytest.WithBasicAuth(t, user, password) }
func tokens(t testing.TB) *registrytest.Server { return registrytest.WithTokenAuth(t, user, password) }

func TestRegistryRecovers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]registrytest.Fault{
		"503":                registrytest.Status(503, "UNAVAILABLE", "back soon"),
		"429":                registrytest.RateLimit("1"),
		"dropped connection": registrytest.Drop(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.Open(t)
			client := newClient("", "")
			ref := reference(t, server.Reference("org/minimal", "v1"))
			server.Break(registrytest.On(http.MethodPut, "/", registrytest.Times(1, fault)))
			built := publish(t, client, ref, "minimal")
			server.Break(registrytest.On(http.MethodGet, "/v2/", registrytest.Times(2, fault)))
			desc, err := client.Pull(t.Context(), ref, scratch(t))
			require.NoError(t, err)
			assert.Equal(t, built.Descriptor, desc)
		})
	}
}

func TestResolveAsksWithoutFetching(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	client := newClient("", "")
	ref := reference(t, server.Reference("org/minimal", "v1"))
	_, err := client.Resolve(t.Context(), ref)
	var response *oci.ResponseError
	require.ErrorAs(t, err, &response)
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.ErrorIs(t, err, errdef.ErrNotFound)
	publish(t, client, ref, "minimal")
	server.Forget()
	_, err = client.Resolve(t.Context(), ref)
	require.NoError(t, err)
	assert.Len(t, server.Requests(), 1)
	assert.Equal(t, 1, server.Count(http.MethodHead, "/manifests/v1"))
}

func TestRegistryGivesUpOnSilence(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]registrytest.Fault{
		"no answer":       registrytest.On("", "/manifests/", registrytest.Hang()),
		"half a manifest": registrytest.On("", "/manifests/", registrytest.Stall()),
		"half a blob":     registrytest.On("", "/blobs/", registrytest.Stall()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := registrytest.Open(t)
			ref := reference(t, server.Reference("org/release-notes", "v1"))
			publish(t, newClient("", ""), ref, "release-notes")
			server.Break(fault)
			client := oci.NewRegistry(oci.RegistryOptions{Silence: 100 * time.Millisecond})
			_, err := client.Pull(t.Context(), ref, scratch(t))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "sent nothing for 100ms")
			assert.Equal(t, skills.Timeout, skills.KindOf(err))
		})
	}
}

func TestPullEndsInTime(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	server.Break(registrytest.Hang())
	client := oci.NewRegistry(oci.RegistryOptions{PullTime: 50 * time.Millisecond})
	_, err := client.Pull(t.Context(), ref, scratch(t))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "longer than 50ms")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Pull(ctx, ref, scratch(t))
	require.ErrorIs(t, err, context.Canceled)
}

func TestRegistryThatIsNotThere(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, err = newClient("", "").Pull(t.Context(), reference(t, host+"/org/name:v1"), scratch(t))
	require.ErrorContains(t, err, "connection refused")
	var response *oci.ResponseError
	assert.NotErrorAs(t, err, &response)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	assert.NotErrorIs(t, err, oci.ErrStore)
}

func TestSignedURLsAreNotTold(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	server.Break(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, "http://127.0.0.1:1/blob?X-Signature=secret", http.StatusTemporaryRedirect)
	})
	_, err := newClient("", "").Pull(t.Context(), ref, scratch(t))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	t.Parallel()
	elsewhere := registrytest.Open(t)
	server := registrytest.WithBasicAuth(t, user, password)
	client := newClient(user, password)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	publish(t, client, ref, "minimal")
	server.Break(registrytest.On(http.MethodGet, "/blobs/", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, "http://"+elsewhere.Host+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	_, err := client.Pull(t.Context(), ref, scratch(t))
	require.Error(t, err)
	require.NotEmpty(t, elsewhere.Requests())
	for _, request := range elsewhere.Requests() {
		assert.False(t, request.Authorized)
	}
}

func TestPlainHTTPOnlyWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	asked := map[string]string{}
	client := func(plain ...string) *oci.Registry {
		return oci.NewRegistry(oci.RegistryOptions{PlainHTTP: plain, Transport: tripper(func(r *http.Request) (*http.Response, error) {
			asked[r.URL.Host] = r.URL.Scheme
			return nil, errors.New("no further")
		})})
	}
	for _, c := range []struct{ reference, host, scheme string }{
		{"localhost:5000/a/b:v1", "localhost:5000", "http"},
		{"127.8.9.10:5000/a/b:v1", "127.8.9.10:5000", "http"},
		{"[::1]:5000/a/b:v1", "[::1]:5000", "http"},
		{"registry.internal:5000/a/b:v1", "registry.internal:5000", "http"},
		{"any-port.internal:6000/a/b:v1", "any-port.internal:6000", "http"},
		{"registry.internal:5001/a/b:v1", "registry.internal:5001", "https"},
		{"127.0.0.1.example.com/a/b:v1", "127.0.0.1.example.com", "https"},
		{"ghcr.io/a/b:v1", "ghcr.io", "https"},
		{"a/b", "registry-1.docker.io", "https"},
	} {
		_, err := client("registry.internal:5000", "any-port.internal").Resolve(t.Context(), reference(t, c.reference))
		require.Error(t, err)
		assert.Equal(t, c.scheme, asked[c.host], c.reference)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The environment is the process's, so this test runs beside no other.
func TestCredentialsOfTheDockerConfiguration(t *testing.T) {
	server := registrytest.WithBasicAuth(t, user, password)
	ref := reference(t, server.Reference("org/minimal", "v1"))
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	client := oci.NewRegistry(oci.RegistryOptions{})

	_, err := client.Resolve(t.Context(), ref)
	require.ErrorIs(t, err, auth.ErrBasicCredentialNotFound, "there is no file yet")

	config := `{"auths":{"` + server.Host + `":{"auth":"YWxpY2U6Y29ycmVjdCBob3JzZQ=="}}}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	_, err = client.Resolve(t.Context(), ref)
	require.ErrorIs(t, err, errdef.ErrNotFound, "it is let in")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte("{"), 0o600))
	_, err = client.Resolve(t.Context(), ref)
	var response *oci.ResponseError
	require.ErrorAs(t, err, &response)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
}

// newClient returns a client with these credentials for any host, or none.
func newClient(user, password string) *oci.Registry {
	return oci.NewRegistry(oci.RegistryOptions{
		UserAgent: "skilld/test",
		Credential: func(context.Context, string) (auth.Credential, error) {
			return auth.Credential{Username: user, Password: password}, nil
		},
	})
}

func reference(t testing.TB, text string) skills.Reference {
	t.Helper()
	ref, err := skills.ParseReference(text)
	require.NoError(t, err)
	return ref
}

// publish packages a golden folder and pushes it.
func publish(t testing.TB, client *oci.Registry, ref skills.Reference, folder string) oci.Artifact {
	t.Helper()
	lease := scratch(t)
	artifact, err := oci.Packager{}.Package(t.Context(), openRoot(t, golden.Write(t, t.TempDir(), folder)), lease)
	require.NoError(t, err)
	require.NoError(t, client.Push(t.Context(), lease, artifact.Descriptor, ref))
	return artifact
}

// repository returns a plain client of oras-go to an open registry.
func repository(t testing.TB, server *registrytest.Server, name string) *remote.Repository {
	t.Helper()
	repo, err := remote.NewRepository(server.Host + "/" + name)
	require.NoError(t, err)
	repo.PlainHTTP = true
	return repo
}

// fetch returns what a registry has under a descriptor.
func fetch(t testing.TB, from content.Fetcher, desc ocispec.Descriptor) []byte {
	t.Helper()
	blob, err := from.Fetch(t.Context(), desc)
	require.NoError(t, err)
	defer func() { assert.NoError(t, blob.Close()) }()
	var buffer bytes.Buffer
	_, err = io.Copy(&buffer, blob)
	require.NoError(t, err)
	return buffer.Bytes()
}
