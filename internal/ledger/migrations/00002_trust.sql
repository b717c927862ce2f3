-- The same text serves SQLite and PostgreSQL.

-- +goose Up

-- Who claimed a port, by which saga, under which rules and for which carrier. Empty in rows that are older than this.
ALTER TABLE ports ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE ports ADD COLUMN pack TEXT NOT NULL DEFAULT '';
ALTER TABLE ports ADD COLUMN submitter TEXT NOT NULL DEFAULT '';
ALTER TABLE ports ADD COLUMN run TEXT NOT NULL DEFAULT '';

CREATE INDEX open_ports ON ports (port_id) WHERE claimed_at IS NOT NULL AND released_at IS NULL;

-- What was sent to a carrier as each version of an order. A row never changes.
CREATE TABLE submissions (
    port_id      TEXT   NOT NULL REFERENCES ports (port_id),
    version      BIGINT NOT NULL,
    carrier      TEXT   NOT NULL,
    order_digest TEXT   NOT NULL,
    shown_digest TEXT   NOT NULL,
    nonce        TEXT   NOT NULL,
    policy       TEXT   NOT NULL,
    recorded_at  BIGINT NOT NULL,
    PRIMARY KEY (port_id, version)
);

-- One row: which ledger this is, how often it was changed, and whether it may be trusted.
CREATE TABLE ledger_state (
    id               BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    incarnation      TEXT   NOT NULL DEFAULT '',
    changes          BIGINT NOT NULL DEFAULT 0,
    quarantined_at   BIGINT,
    quarantine_why   TEXT   NOT NULL DEFAULT '',
    lifted_at        BIGINT,
    lifted_by        TEXT   NOT NULL DEFAULT '',
    registry_version BIGINT NOT NULL DEFAULT 0,
    registry_digest  TEXT   NOT NULL DEFAULT '',
    CHECK (lifted_at IS NULL OR quarantined_at IS NOT NULL)
);

INSERT INTO ledger_state (id) VALUES (1);
