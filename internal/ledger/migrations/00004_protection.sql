-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- One row: the key of everything below that is hashed, sealed by the vault.
CREATE TABLE IF NOT EXISTS guard_key (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed  BYTEA  NOT NULL,
    made_at BIGINT NOT NULL
);

-- Numbers and accounts that were ever protected. A lock with a due unlock holds until then, and no longer.
CREATE TABLE IF NOT EXISTS locks (
    token           TEXT   NOT NULL PRIMARY KEY,
    tenant          TEXT   NOT NULL,
    masked          TEXT   NOT NULL,
    account         TEXT   NOT NULL DEFAULT '',
    lock_id         TEXT   NOT NULL DEFAULT '',
    locked_at       BIGINT,
    locked_by       TEXT   NOT NULL DEFAULT '',
    reason          TEXT   NOT NULL DEFAULT '',
    unlock_asked_at BIGINT,
    unlock_due_at   BIGINT,
    unlock_by       TEXT   NOT NULL DEFAULT '',
    CHECK ((lock_id = '') = (locked_at IS NULL)),
    CHECK (unlock_due_at IS NULL OR (locked_at IS NOT NULL AND unlock_asked_at IS NOT NULL))
);

CREATE INDEX IF NOT EXISTS due_unlocks ON locks (unlock_due_at) WHERE unlock_due_at IS NOT NULL;

-- What happened to locks and PINs: the history, and the outbox of those who are told. A row never changes but for told_at.
CREATE TABLE IF NOT EXISTS guard_events (
    id      TEXT   NOT NULL PRIMARY KEY,
    token   TEXT   NOT NULL,
    tenant  TEXT   NOT NULL,
    masked  TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    actor   TEXT   NOT NULL DEFAULT '',
    detail  TEXT   NOT NULL DEFAULT '',
    proof   TEXT   NOT NULL DEFAULT '',
    at      BIGINT NOT NULL,
    due_at  BIGINT,
    told_at BIGINT
);

CREATE INDEX IF NOT EXISTS guard_events_by_token ON guard_events (token, at);
CREATE INDEX IF NOT EXISTS untold_guard_events ON guard_events (at) WHERE told_at IS NULL;

-- A port-out PIN is kept as a slow hash over a keyed hash. Nothing here gives it back.
CREATE TABLE IF NOT EXISTS pins (
    token  TEXT   NOT NULL PRIMARY KEY,
    scheme TEXT   NOT NULL,
    salt   BYTEA  NOT NULL,
    hash   BYTEA  NOT NULL,
    set_at BIGINT NOT NULL,
    set_by TEXT   NOT NULL
);

-- Attempts at PINs that have not turned out right, by number ("n:" and its token) and by source ("s:" and its token).
CREATE TABLE IF NOT EXISTS pin_attempts (
    counter      TEXT   NOT NULL PRIMARY KEY,
    used         BIGINT NOT NULL DEFAULT 0,
    last_at      BIGINT,
    lockouts     BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT
);

-- What a kept PIN turned out to be, so that asking again is no second attempt. An empty verdict is not known yet.
CREATE TABLE IF NOT EXISTS pin_checks (
    ref     TEXT   NOT NULL,
    token   TEXT   NOT NULL,
    verdict TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (ref, token)
);
