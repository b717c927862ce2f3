-- What carriers call our orders, where they do not take our own names; and the documents that go with orders, sealed.

-- +goose Up

CREATE TABLE IF NOT EXISTS carrier_orders (
    carrier  TEXT   NOT NULL,
    port_id  TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    order_id TEXT   NOT NULL,
    sent_at  BIGINT,
    PRIMARY KEY (carrier, port_id, version)
);

CREATE UNIQUE INDEX IF NOT EXISTS carrier_orders_by_id ON carrier_orders (carrier, order_id) WHERE order_id <> '';

CREATE TABLE IF NOT EXISTS documents (
    sha256   TEXT   NOT NULL PRIMARY KEY,
    kind     TEXT   NOT NULL,
    sealed   BYTEA  NOT NULL,
    added_at BIGINT NOT NULL
);

-- Carriers' names of documents that they were given.
CREATE TABLE IF NOT EXISTS carrier_documents (
    carrier     TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    document_id TEXT NOT NULL,
    PRIMARY KEY (carrier, sha256)
);
