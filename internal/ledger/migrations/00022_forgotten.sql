-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- Ports that have ended and keep no codes. A request that comes again later must leave none behind: nobody would destroy it.
CREATE TABLE IF NOT EXISTS forgotten (port_id TEXT NOT NULL PRIMARY KEY);
