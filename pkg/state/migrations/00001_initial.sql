-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
CREATE TABLE groups (
    name TEXT NOT NULL PRIMARY KEY
) STRICT;

INSERT INTO groups (name) VALUES ('default');

-- project_root is empty for the scope "user"; times are RFC 3339 in UTC; tags,
-- dependencies, clients and targets are JSON arrays.
CREATE TABLE skills (
    id           INTEGER NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    project_root TEXT NOT NULL,
    version      TEXT NOT NULL,
    description  TEXT NOT NULL,
    author       TEXT NOT NULL,
    tags         TEXT NOT NULL CHECK (json_valid(tags)),
    reference    TEXT NOT NULL,
    tag          TEXT NOT NULL,
    digest       TEXT NOT NULL,
    status       TEXT NOT NULL,
    installed_at TEXT NOT NULL,
    dependencies TEXT NOT NULL CHECK (json_valid(dependencies)),
    clients      TEXT NOT NULL CHECK (json_valid(clients)),
    targets      TEXT NOT NULL CHECK (json_valid(targets)),
    group_name   TEXT NOT NULL REFERENCES groups (name),
    UNIQUE (name, scope, project_root)
) STRICT;

CREATE INDEX skills_group ON skills (group_name);

-- The absolute paths of all targets: no two records may own the same folder.
CREATE TABLE folders (
    path     TEXT NOT NULL PRIMARY KEY,
    skill_id INTEGER NOT NULL REFERENCES skills (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX folders_skill ON folders (skill_id);

-- The journal. moves is a JSON array.
CREATE TABLE operations (
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    project_root TEXT NOT NULL,
    phase        TEXT NOT NULL,
    moves        TEXT NOT NULL CHECK (json_valid(moves))
) STRICT;

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;
