-- Signed rejects, as they came: the gate verifies them itself. A saga cannot leave one out.

-- +goose Up

CREATE TABLE IF NOT EXISTS rejects (
    port_id   TEXT   NOT NULL,
    digest    TEXT   NOT NULL,
    statement BYTEA  NOT NULL,
    signature TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (port_id, digest)
);
