-- What was said between a gate and a carrier, without what is secret or personal.

-- +goose Up

CREATE TABLE IF NOT EXISTS exchanges (
    port_id TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    carrier TEXT   NOT NULL,
    step    TEXT   NOT NULL,
    method  TEXT   NOT NULL,
    path    TEXT   NOT NULL,
    status  BIGINT NOT NULL,
    failure TEXT   NOT NULL,
    took    BIGINT NOT NULL,
    request BYTEA,
    answer  BYTEA
);

CREATE INDEX IF NOT EXISTS exchanges_of_port ON exchanges (port_id, at);
