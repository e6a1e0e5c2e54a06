-- The audit log that others can check: heads are signed, and the keys that may sign them are known. And who looks through the log: days
-- that were looked through, what the rules noticed, how much each person usually opens, and to whom the head is mailed.

-- +goose Up
ALTER TABLE audit_head ADD COLUMN signed BYTEA;

CREATE TABLE audit_key (
    verifier    TEXT   NOT NULL PRIMARY KEY,
    accepted_at BIGINT NOT NULL
) /* clustered */;

CREATE TABLE oversight_review (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    from_day  TEXT   NOT NULL,
    to_day    TEXT   NOT NULL,
    entries   BIGINT NOT NULL,
    unsettled BIGINT NOT NULL,
    head      TEXT   NOT NULL,
    by_id     BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    words     BYTEA,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE oversight_finding (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    rule       TEXT   NOT NULL,
    day        TEXT   NOT NULL,
    person_id  BYTEA  NOT NULL,
    patient_id BYTEA,
    count      BIGINT NOT NULL,
    usual      BIGINT NOT NULL,
    found_at   BIGINT NOT NULL,
    closed_at  BIGINT NOT NULL DEFAULT 0,
    closed_by  BYTEA,
    words      BYTEA,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX oversight_finding_open ON oversight_finding (clinic_id, closed_at, id);
CREATE INDEX oversight_finding_patient ON oversight_finding (clinic_id, patient_id);

CREATE TABLE oversight_count (
    clinic_id BYTEA  NOT NULL,
    person_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    opened    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, person_id, day)
) /* clustered */;

CREATE TABLE oversight_state (
    clinic_id BYTEA NOT NULL PRIMARY KEY,
    examined  TEXT  NOT NULL
) /* clustered */;

CREATE TABLE oversight_mail (
    clinic_id BYTEA  NOT NULL,
    person_id BYTEA  NOT NULL,
    wanted    BIGINT NOT NULL,
    sent_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, person_id)
) /* clustered */;

-- +goose Down
DROP TABLE oversight_mail;
DROP TABLE oversight_state;
DROP TABLE oversight_count;
DROP TABLE oversight_finding;
DROP TABLE oversight_review;
DROP TABLE audit_key;
ALTER TABLE audit_head DROP COLUMN signed;
