-- What patients send beside their words: which files came with a line of a conversation, what became of each, and the
-- bytes where the clinic keeps content. And the reports of a provider that are not understood, by account and day.

-- +goose Up
CREATE TABLE attached (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    thread_id  BYTEA  NOT NULL,
    post_id    BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    patient_id BYTEA,
    place      BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL DEFAULT '',
    type       TEXT   NOT NULL DEFAULT '',
    size       BIGINT NOT NULL DEFAULT 0,
    tries      BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL DEFAULT 0,
    at         BIGINT NOT NULL,
    until      BIGINT NOT NULL DEFAULT 0,
    about      BYTEA,
    body       BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id),
    FOREIGN KEY (clinic_id, thread_id) REFERENCES thread (clinic_id, id)
) /* clustered */;
CREATE INDEX attached_thread ON attached (clinic_id, thread_id, post_id);
CREATE INDEX attached_due ON attached (clinic_id, state, due_at);
CREATE INDEX attached_until ON attached (clinic_id, until);
CREATE INDEX attached_at ON attached (clinic_id, at);

-- A number that belongs to no patient is found by buckets, as patients are: many numbers share one.
CREATE TABLE peer_bucket (
    clinic_id  BYTEA  NOT NULL,
    bucket     BIGINT NOT NULL,
    thread_id  BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, bucket, thread_id),
    FOREIGN KEY (clinic_id, thread_id) REFERENCES thread (clinic_id, id)
) /* clustered */;
CREATE INDEX peer_bucket_thread ON peer_bucket (clinic_id, thread_id);

-- How many reports of a day were not understood, and what the newest was about: a word of the provider's, no content.
CREATE TABLE strange (
    clinic_id  BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    day        TEXT   NOT NULL,
    count      BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    last_kind  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (clinic_id, channel_id, day),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id)
) /* clustered */;

-- Whether the provider posts an account's news to us: its own word for it, and when it was asked last.
ALTER TABLE channel ADD COLUMN listens TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN listens_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE channel DROP COLUMN listens_at;
ALTER TABLE channel DROP COLUMN listens;
DROP TABLE strange;
DROP TABLE peer_bucket;
DROP TABLE attached;
