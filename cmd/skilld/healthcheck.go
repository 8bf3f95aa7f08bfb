// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// healthcheckTime bounds a health check.
const healthcheckTime = 5 * time.Second

func healthcheckCommand() *cobra.Command {
	var cfg config
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running daemon whether it is well; exit 0 if it is, else 1",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), healthcheckTime)
			defer cancel()
			return checkHealth(ctx, cfg)
		},
	}
	cfg.addAddressFlags(cmd.Flags())
	addConfigFlag(cmd.Flags())
	return cmd
}

// checkHealth asks the daemon that listens where cfg says.
func checkHealth(ctx context.Context, cfg config) error {
	address := net.JoinHostPort(reachable(cfg.host), strconv.Itoa(int(cfg.port)))
	transport := &http.Transport{}
	if cfg.socket != "" {
		address = "localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", cfg.socket)
		}
	}
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/health", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the daemon answered %s", response.Status)
	}
	return nil
}

// reachable returns an address to call a daemon by that listens on host.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "localhost"
	}
	return host
}
