// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
)

// config is what the flags and the environment say.
type config struct {
	host              string
	port              int
	socket            string
	dataDir           string
	catalog           string
	insecureRegistry  []string
	allowPrivateHosts bool
	allowHost         []string
	allowOrigin       []string
	allowPath         []string
	authTokenFile     string
	oidcIssuer        string
	oidcAudience      string
	insecureNoAuth    bool
	logLevel          string
	logFormat         string
}

// addAddressFlags defines the flags that say where the daemon listens.
func (c *config) addAddressFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.host, "host", "127.0.0.1", "address to listen on")
	flags.IntVar(&c.port, "port", 8080, "port to listen on; 0 takes a free one")
	flags.StringVar(&c.socket, "socket", "", "path of a Unix socket to listen on instead of TCP")
}

// addServeFlags defines the flags of the daemon.
func (c *config) addServeFlags(flags *pflag.FlagSet) {
	c.addAddressFlags(flags)
	flags.StringVar(&c.dataDir, "data-dir", filepath.Join(xdg.DataHome, "skilld"), "folder of the artifact store and the database")
	flags.StringVar(&c.catalog, "catalog", "", "path or URL of the catalogue of published skills")
	flags.StringSliceVar(&c.insecureRegistry, "insecure-registry", nil, "registry host to speak to over plain HTTP (repeatable)")
	flags.BoolVar(&c.allowPrivateHosts, "allow-private-hosts", false, "let git sources and catalogues name loopback and private addresses")
	flags.StringSliceVar(&c.allowHost, "allow-host", nil, "name that a request's Host may have besides loopback names (repeatable)")
	flags.StringSliceVar(&c.allowOrigin, "allow-origin", nil, "web origin whose pages may call the API (repeatable)")
	flags.StringSliceVar(&c.allowPath, "allow-path", nil, "folder that requests to validate, build and install for a project may name, those below included (repeatable); all if none is given")
	flags.StringVar(&c.authTokenFile, "auth-token-file", "", "file with the bearer token that callers must send")
	flags.StringVar(&c.oidcIssuer, "oidc-issuer", "", "URL of the OpenID Connect provider whose tokens callers may send")
	flags.StringVar(&c.oidcAudience, "oidc-audience", "", "audience that tokens of the provider must be for")
	flags.BoolVar(&c.insecureNoAuth, "insecure-no-auth", false, "listen on an address that others can reach without asking callers for a token")
	flags.StringVar(&c.logLevel, "log-level", "info", "least level to log: debug, info, warn or error")
	flags.StringVar(&c.logFormat, "log-format", "text", "format of the log: text or json")
	flags.Bool("openapi", false, "accepted for clients of other daemons; the document is always served")
}

// envPrefix begins the name of every environment variable.
const envPrefix = "SKILLD_"

// fillFromEnv sets each flag that the command line leaves out from its
// environment variable, SKILLD_ and the flag's name in capitals. An empty
// variable counts as unset; a list is separated by commas.
func fillFromEnv(flags *pflag.FlagSet) error {
	var failures []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := envPrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(variable)
		if flag.Changed || value == "" {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failures = append(failures, fmt.Errorf("environment variable %s: %w", variable, err))
		}
	})
	return errors.Join(failures...)
}
