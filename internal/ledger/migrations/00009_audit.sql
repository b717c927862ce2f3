-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- The log of what happened: a row never changes. Beside each leaf are the hashes of the Merkle tree that it completes.
CREATE TABLE IF NOT EXISTS audit_leaves (
    idx     BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    port_id TEXT   NOT NULL,
    ref     TEXT   NOT NULL,
    leaf    TEXT   NOT NULL,
    hashes  BYTEA  NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS audit_leaves_once ON audit_leaves (ref, port_id, kind) WHERE ref <> '';
CREATE INDEX IF NOT EXISTS audit_leaves_by_port ON audit_leaves (port_id, idx);
CREATE INDEX IF NOT EXISTS audit_leaves_by_kind ON audit_leaves (kind, at);

-- Documents that leaves name by their digests. A row may go when its time is over: the leaf stays.
CREATE TABLE IF NOT EXISTS audit_evidence (
    digest  TEXT   NOT NULL,
    port_id TEXT   NOT NULL,
    body    BYTEA  NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (digest, port_id)
);

CREATE INDEX IF NOT EXISTS audit_evidence_by_time ON audit_evidence (at);

-- Signed checkpoints, each before it leaves.
CREATE TABLE IF NOT EXISTS audit_checkpoints (
    number       BIGINT NOT NULL PRIMARY KEY,
    size         BIGINT NOT NULL,
    note         TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    published_at BIGINT
);

-- How far the log has come: its size, and the right edge of its tree. It is in the row at which all writers meet anyhow.
ALTER TABLE ledger_state ADD COLUMN audit_size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_state ADD COLUMN audit_edge BYTEA;
