-- What goes out, why it may, and what became of it. The unique index on message is what
-- keeps a reminder from coming twice (promise F13).

-- +goose Up
CREATE TABLE template (
    clinic_id  BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    channel    TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, kind, channel, language, version)
) /* clustered */;

CREATE TABLE reminder_rule (
    clinic_id      BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    kind           TEXT    NOT NULL,
    channel        TEXT    NOT NULL,
    minutes_before BIGINT  NOT NULL DEFAULT 0,
    active         BOOLEAN NOT NULL DEFAULT TRUE,
    created_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE reminder_due (
    clinic_id      BYTEA  NOT NULL,
    due_at         BIGINT NOT NULL,
    appointment_id BYTEA  NOT NULL,
    occurrence     BIGINT NOT NULL,
    rule_id        BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, due_at, appointment_id, occurrence, rule_id)
) /* clustered */;
CREATE INDEX reminder_due_appointment ON reminder_due (clinic_id, appointment_id);

CREATE TABLE message (
    clinic_id      BYTEA  NOT NULL,
    id             BYTEA  NOT NULL,
    patient_id     BYTEA  NOT NULL,
    appointment_id BYTEA  NOT NULL,
    occurrence     BIGINT NOT NULL,
    rule_id        BYTEA  NOT NULL,
    kind           TEXT   NOT NULL,
    channel        TEXT   NOT NULL,
    starts_at      BIGINT NOT NULL,
    provider_told  BYTEA  NOT NULL,
    purpose        TEXT   NOT NULL,
    language       TEXT   NOT NULL,
    template       BIGINT NOT NULL DEFAULT 0,
    passport       BYTEA,
    state          TEXT   NOT NULL,
    reason         TEXT   NOT NULL DEFAULT '',
    attempts       BIGINT NOT NULL DEFAULT 0,
    send_at        BIGINT NOT NULL,
    sender         BYTEA,
    provider_id    TEXT   NOT NULL DEFAULT '',
    state_at       BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX message_once ON message (clinic_id, appointment_id, occurrence, rule_id, channel);
CREATE INDEX message_due ON message (clinic_id, state, send_at);
CREATE INDEX message_patient ON message (clinic_id, patient_id, created_at);
CREATE INDEX message_recent ON message (clinic_id, created_at);

CREATE TABLE message_event (
    clinic_id  BYTEA  NOT NULL,
    message_id BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    code       TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (clinic_id, message_id, id),
    FOREIGN KEY (clinic_id, message_id) REFERENCES message (clinic_id, id)
) /* clustered */;
CREATE INDEX message_event_age ON message_event (clinic_id, at);

CREATE TABLE event (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    subject_id BYTEA  NOT NULL,
    number     BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX event_due ON event (clinic_id, due_at);

-- +goose Down
DROP TABLE event;
DROP TABLE message_event;
DROP TABLE message;
DROP TABLE reminder_due;
DROP TABLE reminder_rule;
DROP TABLE template;
