// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Setting returns the JSON kept under the key, and whether there is any.
func (d *DB) Setting(ctx context.Context, key string) ([]byte, bool, error) {
	var value []byte
	err := d.read.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, key).Scan(&value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read the setting %q: %w", key, err)
	}
	return value, true, nil
}

// SetSetting keeps the value, which must be JSON, under the key.
func (d *DB) SetSetting(ctx context.Context, key string, value []byte) error {
	if !json.Valid(value) {
		return fmt.Errorf("keep the setting %q: its value is not JSON", key)
	}
	return d.change(ctx, "keep a setting", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, key, string(value))
		return err
	})
}

// DeleteSetting forgets what is kept under the key. Nothing there is no error.
func (d *DB) DeleteSetting(ctx context.Context, key string) error {
	return d.change(ctx, "forget a setting", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM settings WHERE name = ?`, key)
		return err
	})
}
