// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	// fileMode keeps other users of the machine out.
	fileMode fs.FileMode = 0o600
	// readers bounds the connections that read at the same time.
	readers = 8
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the state of one data folder. Its methods may be called from many
// goroutines at once; a writer never waits for readers, nor they for it.
type DB struct {
	// write has one connection, which puts the writers in a queue.
	write *sql.DB
	read  *sql.DB
}

// Open opens the database at the path, which is made if there is none (its
// folder is not), and brings its tables up to date. The file gets mode 0600. It
// fails on a database that a newer skilld has changed.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := prepareFile(path); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	write, err := connect(path, 1, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := connect(path, readers, "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return &DB{write: write, read: read}, nil
}

// Close waits for running queries and closes the file.
func (d *DB) Close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// prepareFile sets the file's mode before SQLite opens it; SQLite gives the
// same mode to the files that it puts beside it.
func prepareFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(fileMode), file.Close())
}

func connect(path string, connections int, option string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a drive letter of Windows (RFC 8089, appendix E.2)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: strings.Join([]string{
		"_pragma=busy_timeout(10000)",
		"_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)",
		option,
	}, "&")}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, scripts, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the state: %w", err)
	case current > target:
		return fmt.Errorf("the state has version %d and this skilld knows versions up to %d: it was last used with a newer skilld", current, target)
	case current == target:
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the state up to date: %w", err)
	}
	return nil
}

// change runs fn in a transaction; an error undoes what it did. Even a single
// statement goes through here: outside a transaction, a context that ends at
// the wrong moment makes an error of a change that was made. What is being done
// is put before an error without a kind.
func (d *DB) change(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	err := d.transact(ctx, fn)
	if err == nil || skills.KindOf(err) != skills.Internal {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (d *DB) transact(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		if undo := tx.Rollback(); !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
