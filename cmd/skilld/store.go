// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/skilld/skilld/pkg/oci"
	"github.com/skilld/skilld/pkg/skills/skillsvc"
	"github.com/skilld/skilld/pkg/state"
)

func storeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Look after the data folder while no daemon runs",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(verifyCommand())
	return cmd
}

// verifyConfig is what the flags of "store verify" say.
type verifyConfig struct {
	dataDir string
	repair  bool
	json    bool
}

func verifyCommand() *cobra.Command {
	var cfg verifyConfig
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every blob, every reference and every record; exit 0 if all is well, else 1",
		Long: "Check every blob's digest, every reference and every record against the disk. The exit code is 0\n" +
			"if all is well, else 1. With --repair it is 0 if all is well afterwards: damaged blobs, and what only\n" +
			"artifacts that cannot be used refer to, are moved to store/quarantine; the tags of those artifacts are\n" +
			"taken out and named; an index.json that is garbled is made anew; files that a crash left are deleted.\n" +
			"Records and the folders of AI clients are never changed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return verifyStore(cmd.Context(), cfg, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	addDataDirFlag(flags, &cfg.dataDir)
	addConfigFlag(flags)
	flags.BoolVar(&cfg.repair, "repair", false, "mend what can be mended")
	flags.BoolVar(&cfg.json, "json", false, "report in JSON")
	return cmd
}

// verification is all that was found in a data folder.
type verification struct {
	// Clean says that nothing is wrong, or not any more.
	Clean bool       `json:"clean"`
	Store oci.Report `json:"store"`
	// State is what SQLite finds wrong with the database.
	State   []string              `json:"state"`
	Records skillsvc.RecordReport `json:"records"`
}

func verifyStore(ctx context.Context, cfg verifyConfig, out, log io.Writer) (err error) {
	info, err := os.Stat(cfg.dataDir)
	if err != nil {
		return fmt.Errorf("looking at the data folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("the data folder %s is not a folder", cfg.dataDir)
	}
	unlock, err := lockDataDir(cfg.dataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	found := verification{State: []string{}, Records: skillsvc.RecordReport{Problems: []skillsvc.RecordProblem{}}}
	logger := slog.New(slog.NewTextHandler(log, nil))
	found.Store, err = oci.Verify(ctx, filepath.Join(cfg.dataDir, "store"), oci.VerifyOptions{Repair: cfg.repair, Log: logger})
	if err != nil {
		return err
	}
	if err := found.readState(ctx, filepath.Join(cfg.dataDir, "skilld.db")); err != nil {
		return err
	}
	left := found.count()
	found.Clean = left == 0
	if err := found.print(out, cfg.json); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%s not as it should be", things(left))
	}
	return nil
}

// readState checks the database and the records in it, if there is one.
func (v *verification) readState(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := state.Open(ctx, path)
	if err != nil {
		v.State = append(v.State, err.Error())
		return ctx.Err()
	}
	findings, err := db.Verify(ctx)
	if err == nil {
		v.State = append(v.State, findings...)
		v.Records, err = skillsvc.VerifyRecords(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// count returns how many problems are left.
func (v *verification) count() int {
	left := len(v.State) + len(v.Records.Problems)
	for _, problem := range v.Store.Problems {
		if problem.Repair == "" {
			left++
		}
	}
	return left
}

func things(count int) string {
	if count == 1 {
		return "1 thing is"
	}
	return fmt.Sprintf("%d things are", count)
}

func (v *verification) print(out io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	w := &lines{out: out}
	w.line("store: %d tags, %d blobs of %d bytes", v.Store.Tags, v.Store.Blobs, v.Store.Bytes)
	w.line("records: %d installed skills", v.Records.Skills)
	if v.Store.Strays+v.Store.Unfinished > 0 {
		w.line("note: %d blobs that nothing refers to and %d unfinished files, which the next start or --repair clears away", v.Store.Strays, v.Store.Unfinished)
	}
	if v.Records.Interrupted > 0 {
		w.line("note: %d changes were interrupted; the next start settles them", v.Records.Interrupted)
	}
	for _, problem := range v.Store.Problems {
		w.line("problem: %s", problem.Message)
		if problem.Repair != "" {
			w.line("  repaired: %s", problem.Repair)
		}
	}
	for _, finding := range v.State {
		w.line("problem: the database: %s", finding)
	}
	for _, problem := range v.Records.Problems {
		w.line("problem: %s", problem.Message)
	}
	if v.Clean {
		w.line("all is well")
	}
	return w.err
}

// lines writes lines until one fails.
type lines struct {
	out io.Writer
	err error
}

func (l *lines) line(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.out, format+"\n", args...)
	}
}
