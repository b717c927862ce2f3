-- What a port-out must keep however its saga ends: the answers that it was claimed with, and what its subscriber said.

-- +goose Up

-- The tenant's answers at the last moment, as JSON. The first ones stay.
CREATE TABLE IF NOT EXISTS answers (
    port_id TEXT NOT NULL PRIMARY KEY,
    policy  TEXT NOT NULL
);

-- Subscribers' replies as the door took them. A saga cannot make one up.
CREATE TABLE IF NOT EXISTS replies (
    port_id TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    reply   TEXT   NOT NULL CHECK (reply IN ('yes', 'no')),
    channel TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (port_id, id)
);
