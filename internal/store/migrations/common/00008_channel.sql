-- A clinic's own accounts at message providers, what providers tell about messages, and how far a message came.

-- +goose Up
CREATE TABLE channel (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    provider    TEXT   NOT NULL,
    sender      TEXT   NOT NULL,
    last4       TEXT   NOT NULL,
    credentials BYTEA,
    state       TEXT   NOT NULL,
    reason      TEXT   NOT NULL DEFAULT '',
    agreed_by   BYTEA  NOT NULL,
    agreed_text BIGINT NOT NULL,
    tested_at   BIGINT NOT NULL DEFAULT 0,
    state_at    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX channel_one ON channel (clinic_id, kind) WHERE state <> 'revoked';

CREATE TABLE channel_use (
    clinic_id  BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    day        TEXT   NOT NULL,
    sent       BIGINT NOT NULL DEFAULT 0,
    failed     BIGINT NOT NULL DEFAULT 0,
    received   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, channel_id, day),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id)
) /* clustered */;

CREATE TABLE heard (
    clinic_id  BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    key        TEXT   NOT NULL,
    id         BYTEA  NOT NULL,
    news       TEXT   NOT NULL,
    event      BYTEA,
    heard_at   BIGINT NOT NULL,
    done_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, channel_id, key),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX heard_id ON heard (clinic_id, id);
CREATE INDEX heard_waiting ON heard (clinic_id, done_at, heard_at);

ALTER TABLE message ADD COLUMN channel_id BYTEA;
ALTER TABLE message ADD COLUMN reached TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN reached_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX message_provider ON message (clinic_id, provider_id);

-- +goose Down
DROP INDEX message_provider;
ALTER TABLE message DROP COLUMN reached_at;
ALTER TABLE message DROP COLUMN reached;
ALTER TABLE message DROP COLUMN channel_id;
DROP TABLE heard;
DROP TABLE channel_use;
DROP TABLE channel;
