-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- What an open port waits for, and until when: a row a port, which goes when the port ends. Temporal knows it better; this is for
-- whoever must know it when Temporal does not answer.
CREATE TABLE IF NOT EXISTS awaited (
    port_id  TEXT   NOT NULL PRIMARY KEY,
    clock    TEXT   NOT NULL,
    ref      TEXT   NOT NULL DEFAULT '',
    owed_by  TEXT   NOT NULL,
    noted_at BIGINT NOT NULL,
    due_at   BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS awaited_by_date ON awaited (due_at);
