// SPDX-License-Identifier: Apache-2.0

package state

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

// CommitInstall makes the record of an install and the PhaseCommitted of its
// operation one change. A record with the same key is replaced, group
// membership included; an empty group means skills.DefaultGroup.
//
// It returns a NotFound error where the group does not exist, and a Conflict
// error where one of the folders belongs to another record.
func (d *DB) CommitInstall(ctx context.Context, opID string, record skills.InstalledSkill) error {
	return d.change(ctx, "record an install", func(tx *sql.Tx) error {
		record.Group = cmp.Or(record.Group, skills.DefaultGroup)
		if err := needGroup(ctx, tx, record.Group); err != nil {
			return err
		}
		id, err := putSkill(ctx, tx, record)
		if err != nil {
			return err
		}
		if err := putFolders(ctx, tx, id, record.Targets); err != nil {
			return err
		}
		return advance(ctx, tx, opID, skills.PhaseCommitted)
	})
}

// CommitRemoval makes the end of a record, its group membership included, and
// the PhaseCommitted of its operation one change. NotFound if there is no record
// with the key.
func (d *DB) CommitRemoval(ctx context.Context, opID string, key skills.Key) error {
	return d.change(ctx, "record a removal", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM skills WHERE name = ? AND scope = ? AND project_root = ?`,
			key.Name, key.Scope, key.ProjectRoot)
		if err := needRow(result, err, notInstalled(key)); err != nil {
			return err
		}
		return advance(ctx, tx, opID, skills.PhaseCommitted)
	})
}

// putSkill writes the record and returns its row's id.
func putSkill(ctx context.Context, tx *sql.Tx, s skills.InstalledSkill) (int64, error) {
	dependencies := make([]dependency, len(s.Dependencies))
	for i, r := range s.Dependencies {
		dependencies[i] = dependency(r)
	}
	targets := make([]target, len(s.Targets))
	for i, t := range s.Targets {
		targets[i] = target(t)
	}
	var id int64
	err := tx.QueryRowContext(ctx, `
INSERT INTO skills (name, scope, project_root, version, description, author, tags, reference, tag, digest, status,
                    installed_at, dependencies, clients, targets, group_name)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name, scope, project_root) DO UPDATE SET
       version = excluded.version, description = excluded.description, author = excluded.author, tags = excluded.tags,
       reference = excluded.reference, tag = excluded.tag, digest = excluded.digest, status = excluded.status,
       installed_at = excluded.installed_at, dependencies = excluded.dependencies, clients = excluded.clients,
       targets = excluded.targets, group_name = excluded.group_name
RETURNING id`,
		s.Metadata.Name, s.Scope, s.ProjectRoot, s.Metadata.Version, s.Metadata.Description, s.Metadata.Author,
		array(s.Metadata.Tags), s.Reference, s.Tag, s.Digest, s.Status, s.InstalledAt.UTC().Format(time.RFC3339Nano),
		array(dependencies), array(s.Clients), array(targets), s.Group).Scan(&id)
	return id, err
}

// putFolders makes the targets' folders the record's own.
func putFolders(ctx context.Context, tx *sql.Tx, skillID int64, targets []skills.Target) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM folders WHERE skill_id = ?`, skillID); err != nil {
		return err
	}
	for _, t := range targets {
		key, err := owner(ctx, tx, folder(t))
		if err == nil {
			return skills.Errorf(skills.Conflict, "folder %s belongs to the skill %q of the scope %q", folder(t), key.Name, key.Scope)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO folders (path, skill_id) VALUES (?, ?)`, folder(t), skillID); err != nil {
			return err
		}
	}
	return nil
}

// array binds a list to a statement as JSON: "[]" for one without elements.
func array[T any](list []T) driver.Valuer { return jsonArray[T](list) }

type jsonArray[T any] []T

// Value implements driver.Valuer.
func (a jsonArray[T]) Value() (driver.Value, error) {
	if len(a) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal([]T(a))
	return string(text), err
}

// needRow returns missing if a statement ran well but changed no row.
func needRow(result sql.Result, err, missing error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return missing
	}
	return nil
}
