-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- What wholesalers asked synchronously, and what we answered: a row is there before its answer goes out. The request is
-- sealed, and destroyed when its port is open. A row with a time at which it is due has no port yet.
CREATE TABLE IF NOT EXISTS validations (
    port_id     TEXT   NOT NULL PRIMARY KEY,
    wholesaler  TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    answered_at BIGINT NOT NULL,
    sealed      BYTEA,
    due_at      BIGINT,
    attempts    BIGINT NOT NULL DEFAULT 0,
    failure     TEXT   NOT NULL DEFAULT '',
    opened_at   BIGINT,
    CHECK (due_at IS NULL OR sealed IS NOT NULL)
);

CREATE INDEX IF NOT EXISTS due_validations ON validations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS validations_by_time ON validations (answered_at);

-- Where the people of a protected number are told, sealed. A contact that was replaced is told too, for a while.
CREATE TABLE IF NOT EXISTS guard_contacts (
    id          TEXT   NOT NULL PRIMARY KEY,
    token       TEXT   NOT NULL,
    sealed      BYTEA  NOT NULL,
    set_at      BIGINT NOT NULL,
    replaced_at BIGINT
);

CREATE INDEX IF NOT EXISTS guard_contacts_by_token ON guard_contacts (token);
CREATE UNIQUE INDEX IF NOT EXISTS one_guard_contact ON guard_contacts (token) WHERE replaced_at IS NULL;
