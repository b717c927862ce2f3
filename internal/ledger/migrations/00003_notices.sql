-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- What people and services are told: a row is a message to one recipient by one channel. It is written when the event
-- happens and outlives the sending, as the record that a rule may ask for. Words and address are sealed by the vault.
CREATE TABLE IF NOT EXISTS notices (
    id           TEXT   NOT NULL PRIMARY KEY,
    port_id      TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    event        TEXT   NOT NULL,
    recipient    TEXT   NOT NULL,
    channel      TEXT   NOT NULL,
    lang         TEXT   NOT NULL,
    demand       TEXT   NOT NULL DEFAULT '',
    suppressed   TEXT   NOT NULL DEFAULT '',
    state        TEXT   NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'suppressed')),
    sealed       BYTEA,
    recorded_at  BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    sending      BIGINT NOT NULL DEFAULT 1,
    attempts     BIGINT NOT NULL DEFAULT 0,
    sent_at      BIGINT,
    provider_ref TEXT   NOT NULL DEFAULT '',
    failure      TEXT   NOT NULL DEFAULT '',
    CHECK ((state = 'suppressed') = (suppressed <> '')),
    CHECK (state <> 'pending' OR sealed IS NOT NULL)
);

CREATE INDEX IF NOT EXISTS due_notices ON notices (channel, due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS notices_by_port ON notices (port_id);

-- Links by which a customer stops a port. Only the hash of a token is kept. A row is used once.
CREATE TABLE IF NOT EXISTS links (
    hash       TEXT   NOT NULL PRIMARY KEY,
    port_id    TEXT   NOT NULL,
    purpose    TEXT   NOT NULL,
    notice_id  TEXT   NOT NULL DEFAULT '',
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    told_at    BIGINT
);

-- Used, and the port does not know it yet.
CREATE INDEX IF NOT EXISTS untold_links ON links (used_at) WHERE used_at IS NOT NULL AND told_at IS NULL;
