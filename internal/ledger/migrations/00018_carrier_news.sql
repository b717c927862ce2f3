-- News of carriers that the door could not bring to a port: whose they are only the carrier knows, or no saga heard them.

-- +goose Up

CREATE TABLE IF NOT EXISTS carrier_news (
    carrier  TEXT   NOT NULL,
    news_id  TEXT   NOT NULL,
    port_id  TEXT   NOT NULL,
    order_id TEXT   NOT NULL,
    port_out TEXT   NOT NULL,
    word     TEXT   NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (carrier, news_id)
);

CREATE INDEX IF NOT EXISTS carrier_news_by_age ON carrier_news (taken_at);
