-- The same text serves SQLite and PostgreSQL. Times are microseconds since 1970, UTC; NULL means "not yet".

-- +goose Up

-- One row an order: the key of its payloads, wrapped by the key of its tenant. The row outlives the key, so that a key which
-- was destroyed is never made again.
CREATE TABLE IF NOT EXISTS data_keys (
    owner      TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    kek        TEXT   NOT NULL,
    wrapped    BYTEA,
    made_at    BIGINT NOT NULL,
    wrapped_at BIGINT NOT NULL,
    held_at    BIGINT,
    held_by    TEXT   NOT NULL DEFAULT '',
    held_why   TEXT   NOT NULL DEFAULT '',
    erased_at  BIGINT,
    erased_by  TEXT   NOT NULL DEFAULT '',
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL)),
    CHECK (erased_at IS NULL OR held_at IS NULL)
);
