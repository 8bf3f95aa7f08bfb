// SPDX-License-Identifier: Apache-2.0

package registrytest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/internal/registrytest"
)

func TestRegistriesAskForTheirCredentials(t *testing.T) {
	t.Parallel()
	for scheme, server := range map[string]*registrytest.Server{
		"":       registrytest.Open(t),
		"Basic":  registrytest.WithBasicAuth(t, "user", "password"),
		"Bearer": registrytest.WithTokenAuth(t, "user", "password"),
	} {
		status, header, _ := get(t, server, "/v2/")
		if scheme == "" {
			assert.Equal(t, http.StatusOK, status)
			continue
		}
		assert.Equal(t, http.StatusUnauthorized, status)
		assert.Contains(t, header.Get("WWW-Authenticate"), scheme)
	}
}

func TestFaultsAnswerUntilMended(t *testing.T) {
	t.Parallel()
	server := registrytest.Open(t)
	server.Break(registrytest.On(http.MethodGet, "/manifests/", registrytest.RateLimit("7")))
	status, header, body := get(t, server, "/v2/org/name/manifests/v1")
	assert.Equal(t, http.StatusTooManyRequests, status)
	assert.Equal(t, "7", header.Get("Retry-After"))
	assert.Contains(t, body, "rate limit")

	server.Break(nil)
	status, _, body = get(t, server, "/v2/org/name/manifests/v1")
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, "MANIFEST_UNKNOWN")
	assert.Equal(t, 2, server.Count(http.MethodGet, "/manifests/v1"))
	server.Forget()
	assert.Empty(t, server.Requests())
}

func get(t *testing.T, server *registrytest.Server, path string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Host+path, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(body)
}
