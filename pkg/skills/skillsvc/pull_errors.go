// SPDX-License-Identifier: Apache-2.0

package skillsvc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills"
)

// classifyPullError returns the kind of a registry's failure, whether it was
// pulled from, pushed to or asked. An error that has a kind already, because
// the artifact was refused, keeps it; a failure of our own store is not the
// registry's.
func classifyPullError(err error) skills.Kind {
	var known *skills.Error
	var refused *oci.ResponseError
	var response *errcode.ErrorResponse
	var network net.Error
	switch {
	case errors.As(err, &known):
		return known.Kind
	case errors.Is(err, oci.ErrStore):
		return skills.Internal
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded):
		return skills.Timeout
	case errors.As(err, &refused):
		return classifyStatus(refused.StatusCode)
	case errors.As(err, &response):
		return classifyStatus(response.StatusCode)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return skills.Unauthenticated
	case errors.Is(err, errdef.ErrNotFound):
		return skills.NotFound
	case errors.As(err, &network) && network.Timeout():
		return skills.Timeout
	default:
		return skills.Upstream
	}
}

func classifyStatus(status int) skills.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return skills.Unauthenticated
	case http.StatusNotFound:
		return skills.NotFound
	case http.StatusTooManyRequests:
		return skills.RateLimited
	default:
		return skills.Upstream
	}
}

// pullError says that ref could not be pulled, and what the registry said.
func pullError(ref skills.Reference, err error) error { return registryError("pulling", ref, err) }

// pushError says that ref could not be pushed, and what the registry said.
func pushError(ref skills.Reference, err error) error { return registryError("pushing", ref, err) }

func registryError(doing string, ref skills.Reference, err error) error {
	failure := &skills.Error{
		Kind:    classifyPullError(err),
		Message: doing + " " + ref.String() + ": " + err.Error(),
		Err:     err,
	}
	var refused *oci.ResponseError
	if errors.As(err, &refused) {
		failure.RetryAfter = refused.RetryAfter
	}
	return failure
}
