-- The keyed fingerprint of a letter's text, by the digest of its file: how alike two letters are follows from theirs, and no text does.

-- +goose Up

CREATE TABLE IF NOT EXISTS letter_prints (
    sha256 TEXT NOT NULL PRIMARY KEY,
    print  TEXT NOT NULL
);
