-- What is asked of those who carried something of an erased person, by their own id of it, which is sealed and goes with the outcome; and those ids beside what a patient wrote and sent (decision 67).

-- +goose Up
ALTER TABLE post ADD COLUMN theirs BYTEA;
ALTER TABLE attached ADD COLUMN theirs BYTEA;

CREATE TABLE erasure_ask (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    erasure_id BYTEA  NOT NULL,
    carrier    TEXT   NOT NULL CHECK (length(carrier) BETWEEN 1 AND 64),
    account_id BYTEA,
    what       BYTEA,
    file       BIGINT NOT NULL DEFAULT 0 CHECK (file IN (0, 1)),
    state      TEXT   NOT NULL CHECK (state IN ('due', 'done', 'absent', 'refused', 'terms', 'letter', 'sent')),
    code       TEXT   NOT NULL DEFAULT '',
    tries      BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    state_at   BIGINT NOT NULL,
    by_id      BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, erasure_id) REFERENCES erasure (clinic_id, id),
    CHECK (what IS NULL OR state IN ('due', 'letter'))
);
CREATE INDEX erasure_ask_of ON erasure_ask (clinic_id, erasure_id);
CREATE INDEX erasure_ask_due ON erasure_ask (clinic_id, due_at) WHERE state = 'due';

-- +goose Down
DROP TABLE erasure_ask;
ALTER TABLE attached DROP COLUMN theirs;
ALTER TABLE post DROP COLUMN theirs;
