-- The book of the manual desk: what people do at carriers that have no API, and what they say came of it. The text serves
-- SQLite and PostgreSQL.

-- +goose Up

-- One row a port. entries counts what was done and said so far, and gives everything its place.
CREATE TABLE IF NOT EXISTS desk_books (
    port_id   TEXT   NOT NULL PRIMARY KEY,
    carrier   TEXT   NOT NULL,
    entries   BIGINT NOT NULL DEFAULT 0,
    opened_at BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS desk_books_by_carrier ON desk_books (carrier, opened_at);

-- A task is written before its mail is tried, and has no place in the book (seq 0) until the mail is settled. Personal data
-- is in sealed alone, an authorization code in code alone; both are destroyed when nobody needs them any more.
CREATE TABLE IF NOT EXISTS desk_tasks (
    id           TEXT   NOT NULL PRIMARY KEY,
    port_id      TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    step         TEXT   NOT NULL,
    seq          BIGINT NOT NULL DEFAULT 0,
    mail         TEXT   NOT NULL CHECK (mail IN ('none', 'written', 'tried', 'sent', 'refused')),
    opened_at    BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    sealed       BYTEA,
    code         BYTEA,
    code_read_by TEXT   NOT NULL DEFAULT '',
    code_read_at BIGINT
);

CREATE INDEX IF NOT EXISTS desk_tasks_by_port ON desk_tasks (port_id);

-- What a person says that a carrier answered: exact bytes, and the signature over them. Nothing here is believed: whoever
-- reads it verifies it.
CREATE TABLE IF NOT EXISTS desk_answers (
    port_id   TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    task_id   TEXT   NOT NULL,
    statement BYTEA  NOT NULL,
    signature TEXT   NOT NULL,
    by_name   TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (port_id, seq)
);
