-- Whom people's notices of a port go to, sealed, and the date that they were told last. The row goes when the port ends.

-- +goose Up

CREATE TABLE IF NOT EXISTS told (
    port_id TEXT   NOT NULL PRIMARY KEY,
    sealed  BYTEA  NOT NULL,
    contact TEXT   NOT NULL DEFAULT '',
    foc     BIGINT
);

CREATE INDEX IF NOT EXISTS told_by_contact ON told (contact);
