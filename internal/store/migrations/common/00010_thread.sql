-- Conversations with patients: threads over every channel, who writes from where, answers and notes; what a clinic
-- keeps of them; which channel a patient wishes; and the texts that a provider has to approve.

-- +goose Up
CREATE TABLE message_setting (
    clinic_id BYTEA  NOT NULL,
    content   TEXT   NOT NULL DEFAULT 'none',
    days      BIGINT NOT NULL DEFAULT 30,
    ways      TEXT   NOT NULL DEFAULT '',
    opens     BOOLEAN NOT NULL DEFAULT FALSE,
    version   BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id)
) /* clustered */;

CREATE TABLE wish (
    clinic_id  BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    channel    TEXT   NOT NULL,
    set_at     BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, patient_id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;

CREATE TABLE thread (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    patient_id BYTEA,
    state      TEXT   NOT NULL DEFAULT 'open',
    assigned   BYTEA,
    unread     BIGINT NOT NULL DEFAULT 0,
    channel    TEXT   NOT NULL DEFAULT '',
    wrote_at   BIGINT NOT NULL DEFAULT 0,
    last_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX thread_patient ON thread (clinic_id, patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX thread_list ON thread (clinic_id, state, unread, last_at);

CREATE TABLE correspondent (
    clinic_id  BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    peer       BYTEA  NOT NULL,
    thread_id  BYTEA  NOT NULL,
    patient_id BYTEA,
    address    BYTEA,
    wrote_at   BIGINT NOT NULL DEFAULT 0,
    closed_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, channel_id, peer),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id),
    FOREIGN KEY (clinic_id, thread_id) REFERENCES thread (clinic_id, id)
) /* clustered */;
CREATE INDEX correspondent_thread ON correspondent (clinic_id, thread_id);

CREATE TABLE post (
    clinic_id  BYTEA  NOT NULL,
    thread_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    way        TEXT   NOT NULL,
    kind       TEXT   NOT NULL DEFAULT '',
    channel_id BYTEA,
    channel    TEXT   NOT NULL DEFAULT '',
    at         BIGINT NOT NULL,
    author     BYTEA,
    message_id BYTEA,
    heard_id   BYTEA,
    patient_id BYTEA,
    body       BYTEA,
    until      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, thread_id, id),
    FOREIGN KEY (clinic_id, thread_id) REFERENCES thread (clinic_id, id)
) /* clustered */;
CREATE INDEX post_message ON post (clinic_id, message_id);
CREATE INDEX post_until ON post (clinic_id, until);
CREATE INDEX post_at ON post (clinic_id, at);

CREATE TABLE canned (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    title      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE approval (
    clinic_id  BYTEA  NOT NULL,
    channel_id BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    text       BIGINT NOT NULL,
    ref        TEXT   NOT NULL DEFAULT '',
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL DEFAULT '',
    class      TEXT   NOT NULL DEFAULT '',
    body       TEXT   NOT NULL,
    asked_at   BIGINT NOT NULL,
    state_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, channel_id, name, language),
    FOREIGN KEY (clinic_id, channel_id) REFERENCES channel (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX approval_id ON approval (clinic_id, id);

-- A provider's id of a message may hold the recipient's number: it is found by a token that only the clinic's key
-- makes, and can be read only with the patient's.
ALTER TABLE message ADD COLUMN provider_sealed BYTEA;
ALTER TABLE message ADD COLUMN parts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN pricing TEXT NOT NULL DEFAULT '';
UPDATE message SET provider_id = '' WHERE provider_id <> '';
ALTER TABLE channel ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE channel DROP COLUMN told_at;
ALTER TABLE message DROP COLUMN pricing;
ALTER TABLE message DROP COLUMN parts;
ALTER TABLE message DROP COLUMN provider_sealed;
DROP TABLE approval;
DROP TABLE canned;
DROP TABLE post;
DROP TABLE correspondent;
DROP TABLE thread;
DROP TABLE wish;
DROP TABLE message_setting;
