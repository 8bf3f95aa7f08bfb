// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/skilld/skilld/pkg/skills"
)

const (
	selectSkills = `
SELECT name, scope, project_root, version, description, author, tags, reference, tag, digest, status, installed_at,
       dependencies, clients, targets, group_name
  FROM skills`

	whereOptions = `
 WHERE (?1 = '' OR scope = ?1)
   AND (?2 = '' OR project_root = ?2)
   AND (?3 = '' OR group_name = ?3)
   AND (?4 = '' OR EXISTS (SELECT 1 FROM json_each(clients) WHERE value = ?4))
 ORDER BY name, scope, project_root`

	whereKey = `
 WHERE name = ? AND scope = ? AND project_root = ?`
)

// target and dependency are the JSON forms of their namesakes.
type (
	target struct {
		Base    string   `json:"base"`
		Path    string   `json:"path"`
		Clients []string `json:"clients"`
	}
	dependency struct {
		Name      string `json:"name"`
		Reference string `json:"reference"`
		Digest    string `json:"digest,omitempty"`
	}
)

// Skills returns the records that match, sorted by name, scope and project
// root. Empty fields of the options match all; no match is no error.
func (d *DB) Skills(ctx context.Context, opts skills.ListOptions) ([]skills.InstalledSkill, error) {
	rows, err := d.read.QueryContext(ctx, selectSkills+whereOptions, opts.Scope, opts.ProjectRoot, opts.Group, opts.Client)
	if err != nil {
		return nil, fmt.Errorf("list the installed skills: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	records := []skills.InstalledSkill{}
	for rows.Next() {
		record, err := scanSkill(rows)
		if err != nil {
			return nil, fmt.Errorf("list the installed skills: %w", err)
		}
		records = append(records, record)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the installed skills: %w", err)
	}
	return records, nil
}

// Skill returns one record. NotFound if there is none with the key.
func (d *DB) Skill(ctx context.Context, key skills.Key) (skills.InstalledSkill, error) {
	row := d.read.QueryRowContext(ctx, selectSkills+whereKey, key.Name, key.Scope, key.ProjectRoot)
	record, err := scanSkill(row)
	if errors.Is(err, sql.ErrNoRows) {
		return skills.InstalledSkill{}, notInstalled(key)
	}
	if err != nil {
		return skills.InstalledSkill{}, fmt.Errorf("read the record of %q: %w", key.Name, err)
	}
	return record, nil
}

// Owner returns the key of the record that the target's folder belongs to, and
// whether there is one.
func (d *DB) Owner(ctx context.Context, t skills.Target) (skills.Key, bool, error) {
	key, err := owner(ctx, d.read, folder(t))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return skills.Key{}, false, nil
	case err != nil:
		return skills.Key{}, false, fmt.Errorf("find the owner of %s: %w", folder(t), err)
	}
	return key, true, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func owner(ctx context.Context, q querier, folder string) (skills.Key, error) {
	var key skills.Key
	err := q.QueryRowContext(ctx,
		`SELECT s.name, s.scope, s.project_root FROM folders f JOIN skills s ON s.id = f.skill_id WHERE f.path = ?`, folder).
		Scan(&key.Name, &key.Scope, &key.ProjectRoot)
	return key, err
}

// folder is the absolute path of the target's folder, by which it is known.
func folder(t skills.Target) string {
	return filepath.Join(t.Base, filepath.FromSlash(t.Path))
}

func notInstalled(key skills.Key) error {
	if key.Scope == skills.ScopeProject {
		return skills.Errorf(skills.NotFound, "skill %q is not installed in the project %s", key.Name, key.ProjectRoot)
	}
	return skills.Errorf(skills.NotFound, "skill %q is not installed for the %s scope", key.Name, key.Scope)
}

// scanSkill reads a row of selectSkills.
func scanSkill(row interface{ Scan(dest ...any) error }) (skills.InstalledSkill, error) {
	var (
		s                           skills.InstalledSkill
		tags, installedAt, requires string
		clients, targets            string
	)
	err := row.Scan(&s.Metadata.Name, &s.Scope, &s.ProjectRoot, &s.Metadata.Version, &s.Metadata.Description, &s.Metadata.Author,
		&tags, &s.Reference, &s.Tag, &s.Digest, &s.Status, &installedAt, &requires, &clients, &targets, &s.Group)
	if err != nil {
		return skills.InstalledSkill{}, err
	}
	if s.InstalledAt, err = time.Parse(time.RFC3339Nano, installedAt); err != nil {
		return skills.InstalledSkill{}, err
	}
	var (
		folders      []target
		dependencies []dependency
	)
	for _, column := range []struct {
		text string
		into any
	}{{tags, &s.Metadata.Tags}, {requires, &dependencies}, {clients, &s.Clients}, {targets, &folders}} {
		if column.text == "[]" {
			continue
		}
		if err := json.Unmarshal([]byte(column.text), column.into); err != nil {
			return skills.InstalledSkill{}, err
		}
	}
	for _, f := range folders {
		s.Targets = append(s.Targets, skills.Target(f))
	}
	for _, r := range dependencies {
		s.Dependencies = append(s.Dependencies, skills.Dependency(r))
	}
	return s, nil
}
