-- The same text serves SQLite and PostgreSQL. Times are microseconds since 1970, UTC; NULL means "not yet".

-- +goose Up

-- One row a port: its claim, its fence and its end. The row outlives the port, so that nothing is claimed or activated
-- again under an ID that has ended or was revoked.
CREATE TABLE ports (
    port_id             TEXT   NOT NULL PRIMARY KEY,
    direction           TEXT   NOT NULL DEFAULT '',
    tenant              TEXT   NOT NULL DEFAULT '',
    reference           TEXT   NOT NULL DEFAULT '',
    claimed_at          BIGINT,
    state               TEXT   NOT NULL CHECK (state IN ('open', 'activating', 'active', 'closed')),
    epoch               BIGINT NOT NULL,
    activation_key      TEXT   NOT NULL DEFAULT '',
    activating_at       BIGINT,
    activated_at        BIGINT,
    revoke_requested_at BIGINT,
    revoked_at          BIGINT,
    revoked_by          TEXT   NOT NULL DEFAULT '',
    revoke_reason       TEXT   NOT NULL DEFAULT '',
    outcome             TEXT   NOT NULL DEFAULT '',
    released_at         BIGINT,
    CHECK (revoked_at IS NULL OR state = 'closed'),
    CHECK (released_at IS NULL OR state = 'closed')
);

CREATE TABLE port_numbers (
    port_id     TEXT NOT NULL REFERENCES ports (port_id),
    token       TEXT NOT NULL,
    masked      TEXT NOT NULL,
    released_at BIGINT,
    PRIMARY KEY (port_id, token)
);

-- A number is in at most one open port, in or out, over all tenants.
CREATE UNIQUE INDEX one_open_port_per_number ON port_numbers (token) WHERE released_at IS NULL;

CREATE INDEX port_numbers_by_token ON port_numbers (token);

CREATE TABLE secrets (
    ref        TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    stored_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX secrets_by_owner ON secrets (owner);
