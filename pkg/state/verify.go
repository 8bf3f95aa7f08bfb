// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"
)

// Verify has SQLite check the whole file (PRAGMA integrity_check and
// foreign_key_check) and returns what it finds wrong, a sentence each and at
// most 100 of the former; nothing for a sound one. The error is for a check that could not be made.
func (d *DB) Verify(ctx context.Context) ([]string, error) {
	var findings []string
	rows, err := d.read.QueryContext(ctx, `
SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
UNION ALL
SELECT 'table ' || "table" || ' refers to a row of ' || parent || ' that is not there' FROM pragma_foreign_key_check`)
	if err != nil {
		return nil, fmt.Errorf("check the state: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	for rows.Next() {
		var finding string
		if err := rows.Scan(&finding); err != nil {
			return nil, fmt.Errorf("check the state: %w", err)
		}
		findings = append(findings, finding)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("check the state: %w", err)
	}
	return findings, nil
}
