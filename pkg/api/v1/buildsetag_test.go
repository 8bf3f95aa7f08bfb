// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skilld/skilld/pkg/skills"
)

const listPath = "/api/v1beta/skills/builds"

func TestListOfBuildsHasATagThatChangesWithIt(t *testing.T) {
	t.Parallel()
	s := &service{builds: []skills.Build{{Tag: "one", Digest: "sha256:abababababababababababababababababababababababababababababababab", Name: "one"}}}
	c := serve(t, s)
	response, first := c.do(http.MethodGet, listPath, "")
	tag := response.Header.Get("ETag")
	require.NotEmpty(t, tag)
	assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
	assert.Equal(t, strconv.Itoa(len(first)), response.Header.Get("Content-Length"))

	response, body := c.do(http.MethodGet, listPath, "", "If-None-Match: "+tag)
	assert.Equal(t, http.StatusNotModified, response.StatusCode)
	assert.Empty(t, body)

	s.builds = []skills.Build{{Tag: "one", Digest: "sha256:abababababababababababababababababababababababababababababababab", Name: "one"}}
	response, body = c.do(http.MethodGet, listPath, "")
	assert.Equal(t, first, body)
	assert.Equal(t, tag, response.Header.Get("ETag"), "an equal list has the same tag")

	s.builds = []skills.Build{{Tag: "two", Digest: "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", Name: "two"}}
	response, body = c.do(http.MethodGet, listPath, "", "If-None-Match: "+tag)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.NotEqual(t, tag, response.Header.Get("ETag"))
	assert.Contains(t, body, `"two"`)

	s.builds = s.builds[:0]
	_, body = c.do(http.MethodGet, listPath, "")
	assert.JSONEq(t, `{"builds":[]}`, body)
}
