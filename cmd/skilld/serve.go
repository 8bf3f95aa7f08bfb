// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/skilld/skilld/pkg/api"
	"github.com/skilld/skilld/pkg/catalog"
	"github.com/skilld/skilld/pkg/clients"
	"github.com/skilld/skilld/pkg/git"
	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
	"github.com/skilld/skilld/pkg/state"
	"github.com/skilld/skilld/pkg/telemetry"
)

func serveCommand() *cobra.Command {
	var cfg config
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: "Run the daemon. Each flag can be set by an environment variable as well, SKILLD_ and the\n" +
			"flag's name in capitals with dashes as underscores (SKILLD_DATA_DIR), and by a line of the\n" +
			"configuration file (data-dir: /srv/skilld). The flag wins, then the variable, then the file;\n" +
			"\"skilld config print\" shows what they come to.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Only here: the other commands, and the reading of the configuration,
			// end as soon as they are told to.
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return serve(ctx, cfg)
		},
	}
	cfg.addServeFlags(cmd.Flags())
	return cmd
}

// serve runs the daemon until ctx is done.
func serve(ctx context.Context, cfg config) (err error) {
	told, err := telemetry.Start(ctx, telemetry.Config{
		Version: release(), LogOutput: os.Stderr, LogFormat: cfg.logFormat, LogLevel: cfg.logLevel,
		Views: api.MetricViews(),
	})
	if err != nil {
		return err
	}
	// Last of all, so that it hears of everything.
	defer told.Shutdown(ctx)
	log := slog.New(api.WithRequestID(told.Log.Handler()))
	address := api.ListenConfig{Host: cfg.host, Port: int(cfg.port), Socket: cfg.socket}
	verifiers, err := callers(ctx, cfg, address, log)
	if err != nil {
		return err
	}
	d := daemon{log: log, telemetry: told}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(ctx, cfg); err != nil {
		return err
	}
	handler, err := api.New(api.Config{
		Service:    d.service,
		Version:    release(),
		Log:        log,
		Hosts:      append(cfg.allowHost, cfg.host),
		Origins:    cfg.allowOrigin,
		Verifiers:  verifiers,
		OverSocket: cfg.socket != "",
		Tracers:    told.Tracers,
		Meters:     told.Meters,
		Metrics:    told.Metrics,
	})
	if err != nil {
		return err
	}
	listener, err := api.Listen(ctx, address)
	if err != nil {
		return err
	}
	return api.Serve(ctx, listener, handler, log)
}

// daemon is the use cases with all that they work with.
type daemon struct {
	log       *slog.Logger
	telemetry *telemetry.Telemetry
	service   *skillsvc.Service
	// closers undo the opening, last first.
	closers []func() error
}

// open opens everything in the data folder. What it has opened when it fails
// is for close.
func (d *daemon) open(ctx context.Context, cfg config) error {
	epoch, err := oci.EpochFromEnv(os.Getenv)
	if err != nil {
		return err
	}
	machine, err := clients.Local()
	if err != nil {
		return err
	}
	dataDir, err := d.openDataDir(cfg.dataDir)
	if err != nil {
		return err
	}
	temp, err := freshFolder(filepath.Join(dataDir, "tmp"))
	if err != nil {
		return err
	}
	db, err := state.Open(ctx, filepath.Join(dataDir, "skilld.db"))
	if err != nil {
		return err
	}
	d.onClose(db.Close)
	store, err := oci.Open(filepath.Join(dataDir, "store"), d.log)
	if err != nil {
		return err
	}
	d.onClose(store.Close)
	registry := oci.NewRegistry(oci.RegistryOptions{PlainHTTP: cfg.insecureRegistry, AllowPrivate: cfg.allowPrivateHosts, UserAgent: "skilld/" + release()})
	fetcher := git.NewFetcher(git.Config{AllowPrivate: cfg.allowPrivateHosts, TempDir: temp})
	d.onClose(func() error { fetcher.Close(); return nil })
	skillCatalog, err := openCatalog(ctx, cfg, db, d.log)
	if err != nil {
		return err
	}
	d.service, err = skillsvc.New(skillsvc.Config{
		Store:      store,
		Packager:   oci.Packager{Epoch: epoch},
		Registry:   registry,
		Git:        fetcher,
		Catalog:    skillCatalog,
		State:      db,
		Machine:    machine,
		AllowPaths: cfg.allowPath,
		TempDir:    temp,
		Log:        d.log,
		Now:        time.Now,
		Tracers:    d.telemetry.Tracers,
		Meters:     d.telemetry.Meters,
	})
	if err != nil {
		return err
	}
	d.onClose(d.service.Close)
	if err := d.service.Recover(ctx); err != nil {
		d.log.ErrorContext(ctx, "not every interrupted change could be settled; the rest waits for the next start", "error", err)
	}
	return nil
}

// openDataDir makes the folder if need be and takes it for this process.
func (d *daemon) openDataDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lockDataDir(dir)
	if err != nil {
		return "", err
	}
	d.onClose(unlock)
	return dir, nil
}

// freshFolder empties the folder of what an earlier run left.
func freshFolder(dir string) (string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clearing the folder for temporary files: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the folder for temporary files: %w", err)
	}
	return dir, nil
}

func openCatalog(ctx context.Context, cfg config, db *state.DB, log *slog.Logger) (*catalog.Catalog, error) {
	source, err := catalog.ParseSource(cfg.catalog, cfg.allowPrivateHosts)
	if err != nil {
		return nil, err
	}
	return catalog.Open(ctx, catalog.Config{Default: source, AllowPrivate: cfg.allowPrivateHosts, Settings: db, Log: log})
}

func (d *daemon) onClose(f func() error) { d.closers = append(d.closers, f) }

// close gives back what open has taken, last first.
func (d *daemon) close() error {
	var failures []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		failures = append(failures, d.closers[i]())
	}
	return errors.Join(failures...)
}
