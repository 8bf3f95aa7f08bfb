// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/skilld/skilld/pkg/skills"
)

// move is the JSON form of skills.Move.
type move struct {
	Base   string `json:"base"`
	Path   string `json:"path"`
	Staged string `json:"staged,omitempty"`
	Backup string `json:"backup,omitempty"`
}

// Begin enters the operation in the journal. Its id must be new.
func (d *DB) Begin(ctx context.Context, op skills.Operation) error {
	list := make([]move, len(op.Moves))
	for i, m := range op.Moves {
		list[i] = move(m)
	}
	return d.change(ctx, "journal an operation", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`INSERT INTO operations (id, name, scope, project_root, phase, moves) VALUES (?, ?, ?, ?, ?, ?)`,
			op.ID, op.Key.Name, op.Key.Scope, op.Key.ProjectRoot, op.Phase, array(list))
		return err
	})
}

// Advance notes that the operation has come to the phase.
func (d *DB) Advance(ctx context.Context, opID string, phase skills.Phase) error {
	return d.change(ctx, "journal a phase", func(tx *sql.Tx) error { return advance(ctx, tx, opID, phase) })
}

func advance(ctx context.Context, tx *sql.Tx, opID string, phase skills.Phase) error {
	result, err := tx.ExecContext(ctx, `UPDATE operations SET phase = ? WHERE id = ?`, phase, opID)
	return needRow(result, err, fmt.Errorf("no operation %q is in the journal", opID))
}

// End takes the operation out of the journal. One that is not there is no error.
func (d *DB) End(ctx context.Context, opID string) error {
	return d.change(ctx, "end an operation", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM operations WHERE id = ?`, opID)
		return err
	})
}

// Operations returns what is in the journal, in the order in which it was begun.
func (d *DB) Operations(ctx context.Context) ([]skills.Operation, error) {
	rows, err := d.read.QueryContext(ctx, `SELECT id, name, scope, project_root, phase, moves FROM operations ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var ops []skills.Operation
	for rows.Next() {
		var (
			op    skills.Operation
			text  string
			moves []move
		)
		if err := rows.Scan(&op.ID, &op.Key.Name, &op.Key.Scope, &op.Key.ProjectRoot, &op.Phase, &text); err != nil {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &moves); err != nil {
			return nil, fmt.Errorf("read the moves of the operation %q: %w", op.ID, err)
		}
		for _, m := range moves {
			op.Moves = append(op.Moves, skills.Move(m))
		}
		ops = append(ops, op)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return ops, nil
}
