// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

func TestClassifyPullError(t *testing.T) {
	t.Parallel()
	status := func(code int) error {
		return &errcode.ErrorResponse{Method: http.MethodGet, URL: &url.URL{Host: "registry"}, StatusCode: code,
			Errors: errcode.Errors{{Code: "SOME_CODE", Message: "some message"}}}
	}
	timeout := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	tests := map[string]struct {
		err  error
		want skills.Kind
	}{
		"deadline exceeded":              {context.DeadlineExceeded, skills.Timeout},
		"cancelled":                      {context.Canceled, skills.Timeout},
		"400":                            {status(400), skills.Upstream},
		"401":                            {status(401), skills.Unauthenticated},
		"403":                            {status(403), skills.Unauthenticated},
		"404":                            {status(404), skills.NotFound},
		"405":                            {status(405), skills.Upstream},
		"429":                            {status(429), skills.RateLimited},
		"500":                            {status(500), skills.Upstream},
		"502":                            {status(502), skills.Upstream},
		"503":                            {status(503), skills.Upstream},
		"no credentials for a challenge": {auth.ErrBasicCredentialNotFound, skills.Unauthenticated},
		"a credential helper that fails": {&oci.ResponseError{Host: "registry", StatusCode: 401, Err: errors.New("helper not found")}, skills.Unauthenticated},
		"not found of another form":      {errdef.ErrNotFound, skills.NotFound},
		"a network timeout":              {timeout, skills.Timeout},
		"a refused connection":           {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, skills.Upstream},
		"an unknown host":                {&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}, skills.Upstream},
		"a wrong digest":                 {content.ErrMismatchedDigest, skills.Upstream},
		"a cut connection":               {io.ErrUnexpectedEOF, skills.Upstream},
		"anything else":                  {errors.New("odd"), skills.Upstream},
		"our own store":                  {fmt.Errorf("%w: %w", oci.ErrStore, io.ErrUnexpectedEOF), skills.Internal},
		"an artifact that was refused":   {skills.Errorf(skills.Unprocessable, "not a skill"), skills.Unprocessable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, classifyPullError(tt.err))
			wrapped := fmt.Errorf("a: %w", &url.Error{Op: "Get", URL: "https://registry", Err: fmt.Errorf("b: %w", tt.err)})
			assert.Equal(t, tt.want, classifyPullError(wrapped), "wrapped at any depth")
			assert.Equal(t, tt.want, classifyPullError(errors.Join(errors.New("other"), wrapped)), "joined with others")
		})
	}
}
