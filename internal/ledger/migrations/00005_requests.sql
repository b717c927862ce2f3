-- What requests have in common, to see bursts: keyed tokens, never values. And what screening found, of which only the last
-- counts at the gate.

-- +goose Up

CREATE TABLE IF NOT EXISTS requests (
    port_id   TEXT   NOT NULL,
    dimension TEXT   NOT NULL,
    token     TEXT   NOT NULL,
    account   TEXT   NOT NULL DEFAULT '',
    at        BIGINT NOT NULL,
    PRIMARY KEY (port_id, dimension)
);

CREATE INDEX IF NOT EXISTS requests_by_token ON requests (dimension, token, at);
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (at);

CREATE TABLE IF NOT EXISTS letters (
    port_id     TEXT   NOT NULL PRIMARY KEY,
    sha256      TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS letters_by_digest ON letters (sha256);

CREATE TABLE IF NOT EXISTS screenings (
    port_id TEXT   NOT NULL PRIMARY KEY,
    nonce   TEXT   NOT NULL,
    risk    TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
