// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
)

// config is what the settings say.
type config struct {
	host              string
	port              uint16
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

// addSettings defines all that the configuration file can say, in the order in
// which it is shown. Each setting is a flag, and its name is the key in the file.
func (c *config) addSettings(flags *pflag.FlagSet) {
	flags.SortFlags = false
	c.addAddressFlags(flags)
	addDataDirFlag(flags, &c.dataDir)
	flags.StringVar(&c.catalog, "catalog", "", "path or URL of the catalogue of published skills")
	flags.StringSliceVar(&c.insecureRegistry, "insecure-registry", nil, "registry host to speak to over plain HTTP (repeatable)")
	flags.BoolVar(&c.allowPrivateHosts, "allow-private-hosts", false, "let git sources and catalogues name loopback and private addresses, and public registries redirect to them")
	flags.StringSliceVar(&c.allowHost, "allow-host", nil, "name that a request's Host may have besides loopback names (repeatable)")
	flags.StringSliceVar(&c.allowOrigin, "allow-origin", nil, "web origin whose pages may call the API (repeatable)")
	flags.StringSliceVar(&c.allowPath, "allow-path", nil, "folder that requests to validate, build and install for a project may name, those below included (repeatable); all if none is given")
	flags.StringVar(&c.authTokenFile, "auth-token-file", "", "file with the bearer token that callers must send")
	flags.StringVar(&c.oidcIssuer, "oidc-issuer", "", "URL of the OpenID Connect provider whose tokens callers may send")
	flags.StringVar(&c.oidcAudience, "oidc-audience", "", "audience that tokens of the provider must be for")
	flags.BoolVar(&c.insecureNoAuth, "insecure-no-auth", false, "listen on an address that others can reach without asking callers for a token")
	flags.Var(newChoice(&c.logLevel, "info", "debug", "info", "warn", "error"), "log-level", "least level to log: debug, info, warn or error")
	flags.Var(newChoice(&c.logFormat, "text", "text", "json"), "log-format", "format of the log: text or json")
	mark(flags, aFile, "catalog", "auth-token-file")
	mark(flags, aFolder, "allow-path")
}

// addAddressFlags defines the settings that say where the daemon listens.
func (c *config) addAddressFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.host, "host", "127.0.0.1", "address to listen on")
	c.port = 8080
	flags.Var((*portValue)(&c.port), "port", "port to listen on; 0 takes a free one")
	flags.StringVar(&c.socket, "socket", "", "path of a Unix socket to listen on instead of TCP")
	mark(flags, aFile, "socket")
}

// addDataDirFlag defines the setting that says where the data is.
func addDataDirFlag(flags *pflag.FlagSet, dir *string) {
	*dir = filepath.Join(xdg.DataHome, "skilld")
	flags.Var((*folderValue)(dir), "data-dir", "folder of the artifact store and the database")
	mark(flags, aFolder, "data-dir")
}

// addConfigFlag defines the flag that names the configuration file. It is no
// setting: a file does not name another.
func addConfigFlag(flags *pflag.FlagSet) {
	flags.String(configFlag, defaultConfigFile(), "configuration file; an empty name reads none")
	mark(flags, aFile, configFlag)
}

// addServeFlags defines the flags of the daemon.
func (c *config) addServeFlags(flags *pflag.FlagSet) {
	c.addSettings(flags)
	addConfigFlag(flags)
	flags.Bool("openapi", false, "accepted for clients of other daemons; the document is always served")
}

// settings returns the flags that are settings, each with its default.
func settings() *pflag.FlagSet {
	flags := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	new(config).addSettings(flags)
	return flags
}
