-- The same text serves SQLite and PostgreSQL.

-- How many requests came with a token, kept with each of them: to count those of a month takes two looks, however many they are.
-- A bulk order counts with its first port, and is one account. A worker of before writes none, and its requests are not counted.

-- +goose Up

ALTER TABLE requests ADD COLUMN count_before BIGINT;
ALTER TABLE requests ADD COLUMN count_with BIGINT;

INSERT INTO request_origins (port_id) SELECT DISTINCT port_id FROM requests WHERE port_id NOT IN (SELECT port_id FROM request_origins);

UPDATE requests SET account = (SELECT 'bulk ' || o.bulk FROM request_origins o WHERE o.port_id = requests.port_id)
    WHERE port_id IN (SELECT port_id FROM request_origins WHERE bulk <> '');

CREATE TABLE IF NOT EXISTS request_bulks (
    bulk      TEXT NOT NULL,
    dimension TEXT NOT NULL,
    token     TEXT NOT NULL,
    PRIMARY KEY (bulk, dimension, token)
);

INSERT INTO request_bulks (bulk, dimension, token)
    SELECT DISTINCT o.bulk, r.dimension, r.token FROM requests r JOIN request_origins o ON o.port_id = r.port_id
    WHERE o.bulk <> '' AND r.dimension <> 'number';

UPDATE requests SET count_before = c.total - c.fresh, count_with = c.total FROM (
    SELECT port_id, dimension, fresh, sum(fresh) OVER (PARTITION BY dimension, token ORDER BY at, port_id ROWS UNBOUNDED PRECEDING) AS total FROM (
        SELECT r.port_id, r.dimension, r.token, r.at, CASE WHEN r.dimension = 'number' OR o.bulk = ''
            OR row_number() OVER (PARTITION BY r.dimension, r.token, o.bulk ORDER BY r.at, r.port_id) = 1 THEN 1 ELSE 0 END AS fresh
        FROM requests r JOIN request_origins o ON o.port_id = r.port_id) f) c
    WHERE c.port_id = requests.port_id AND c.dimension = requests.dimension;

DROP INDEX IF EXISTS requests_by_token;
CREATE INDEX requests_by_count ON requests (dimension, token, at, count_with, count_before);
CREATE INDEX requests_by_signer ON requests (token, account, at) WHERE dimension = 'signer';
