// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/skilld/skilld/pkg/skills"
)

const selectGroups = `
SELECT g.name, (SELECT json_group_array(DISTINCT name ORDER BY name) FROM skills WHERE group_name = g.name)
  FROM groups g`

// Groups returns all groups, sorted by name. skills.DefaultGroup is always
// among them.
func (d *DB) Groups(ctx context.Context) ([]skills.Group, error) {
	rows, err := d.read.QueryContext(ctx, selectGroups+` ORDER BY g.name`)
	if err != nil {
		return nil, fmt.Errorf("list the groups: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var groups []skills.Group
	for rows.Next() {
		group, err := scanGroup(rows)
		if err != nil {
			return nil, fmt.Errorf("list the groups: %w", err)
		}
		groups = append(groups, group)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the groups: %w", err)
	}
	return groups, nil
}

// Group returns one group. NotFound if there is none of the name.
func (d *DB) Group(ctx context.Context, name string) (skills.Group, error) {
	group, err := scanGroup(d.read.QueryRowContext(ctx, selectGroups+` WHERE g.name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return skills.Group{}, noGroup(name)
	}
	if err != nil {
		return skills.Group{}, fmt.Errorf("read the group %q: %w", name, err)
	}
	return group, nil
}

// CreateGroup makes an empty group. Invalid: a name that
// skills.ValidateGroupName refuses. Conflict: a name that is taken.
func (d *DB) CreateGroup(ctx context.Context, name string) error {
	if err := skills.ValidateGroupName(name); err != nil {
		return err
	}
	return d.change(ctx, "create a group", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO groups (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
		return needRow(result, err, skills.Errorf(skills.Conflict, "group %q exists already", name))
	})
}

// DeleteGroup removes a group; its skills stay installed and join
// skills.DefaultGroup. Invalid: the default group itself. NotFound: a group
// that does not exist.
func (d *DB) DeleteGroup(ctx context.Context, name string) error {
	if name == skills.DefaultGroup {
		return skills.Errorf(skills.Invalid, "group %q cannot be deleted: it always exists", name)
	}
	return d.change(ctx, "delete a group", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE skills SET group_name = ? WHERE group_name = ?`, skills.DefaultGroup, name); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM groups WHERE name = ?`, name)
		return needRow(result, err, noGroup(name))
	})
}

// needGroup returns a NotFound error if the group does not exist.
func needGroup(ctx context.Context, tx *sql.Tx, name string) error {
	var found bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM groups WHERE name = ?)`, name).Scan(&found); err != nil {
		return err
	}
	if !found {
		return noGroup(name)
	}
	return nil
}

func noGroup(name string) error {
	return skills.Errorf(skills.NotFound, "group %.80q does not exist; POST /api/v1beta/groups creates one", name)
}

func scanGroup(row interface{ Scan(dest ...any) error }) (skills.Group, error) {
	var (
		group   skills.Group
		members string
	)
	if err := row.Scan(&group.Name, &members); err != nil {
		return skills.Group{}, err
	}
	if err := json.Unmarshal([]byte(members), &group.Skills); err != nil {
		return skills.Group{}, err
	}
	return group, nil
}
