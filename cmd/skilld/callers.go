// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/api/auth"
)

// callers returns what tells who may call. It returns an error where nobody
// would be asked who they are although others than this machine could connect,
// unless the operator insists.
func callers(ctx context.Context, cfg config, address api.ListenConfig, log *slog.Logger) ([]api.Verifier, error) {
	verifiers, err := verifiers(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	exposed, err := address.Exposed(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(verifiers) > 0 || !exposed:
		return verifiers, nil
	case !cfg.insecureNoAuth:
		return nil, fmt.Errorf("others than this machine could connect to --host %q and plant instructions in AI agents; "+
			"ask callers for a token (--auth-token-file, or --oidc-issuer with --oidc-audience), listen on 127.0.0.1 or a --socket, "+
			"or insist with --insecure-no-auth", cfg.host)
	}
	log.WarnContext(ctx, "whoever can reach this address may do everything: there is no authentication (--insecure-no-auth)", "host", cfg.host)
	return nil, nil
}

// verifiers returns what the flags ask for: a token that one of them accepts
// will do.
func verifiers(ctx context.Context, cfg config, log *slog.Logger) ([]api.Verifier, error) {
	var found []api.Verifier
	if cfg.authTokenFile != "" {
		token, loose, err := auth.ReadStatic(cfg.authTokenFile)
		if err != nil {
			return nil, err
		}
		if loose != 0 {
			log.WarnContext(ctx, "others than its owner can use the token's file: chmod 600 it", "file", cfg.authTokenFile, "mode", loose.String())
		}
		found = append(found, token)
	}
	if (cfg.oidcIssuer == "") != (cfg.oidcAudience == "") {
		return nil, errors.New("--oidc-issuer and --oidc-audience go together: one says who signs tokens, the other whom they must be for")
	}
	if cfg.oidcIssuer != "" {
		provider, err := auth.NewOIDC(cfg.oidcIssuer, cfg.oidcAudience, time.Now)
		if err != nil {
			return nil, err
		}
		found = append(found, provider)
	}
	return found, nil
}
