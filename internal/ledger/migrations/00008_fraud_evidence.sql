-- What the fraud desk judged ports by, so that a judgement can be made again: evidence sealed by the vault, what was said of it,
-- and the policy's text. And how a request came: in which bulk order, and whether desks were closed. A row never changes.

-- +goose Up

CREATE TABLE IF NOT EXISTS fraud_policies (
    digest        TEXT   NOT NULL PRIMARY KEY,
    policy        BYTEA  NOT NULL,
    first_used_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS judgements (
    nonce     TEXT   NOT NULL PRIMARY KEY,
    port_id   TEXT   NOT NULL,
    said      BYTEA  NOT NULL,
    evidence  BYTEA  NOT NULL,
    policy    TEXT   NOT NULL REFERENCES fraud_policies (digest),
    verdict   TEXT   NOT NULL DEFAULT '',
    judged_at BIGINT NOT NULL,
    signed_at BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS judgements_by_port ON judgements (port_id, signed_at);

CREATE TABLE IF NOT EXISTS request_origins (
    port_id      TEXT   NOT NULL PRIMARY KEY,
    bulk         TEXT   NOT NULL DEFAULT '',
    out_of_hours BIGINT NOT NULL DEFAULT 0
);
