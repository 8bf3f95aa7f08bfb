// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"fmt"
	"os"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// dockerCredential finds the credentials for a host in the Docker configuration
// file, or asks the credential helper that it names. The file is read anew each
// time, so that a "docker login" takes effect at once. Where there is no file,
// and where there can be none because the process has no home, there are no
// credentials.
func dockerCredential(ctx context.Context, hostport string) (auth.Credential, error) {
	if os.Getenv("DOCKER_CONFIG") == "" {
		if _, err := os.UserHomeDir(); err != nil {
			return auth.EmptyCredential, nil //nolint:nilerr // a daemon without a home has no credentials
		}
	}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return auth.EmptyCredential, fmt.Errorf("the Docker configuration file cannot be read: %w", err)
	}
	return credentials.Credential(store)(ctx, hostport)
}
