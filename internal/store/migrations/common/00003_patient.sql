-- People who are looked after, and what they agreed to. Everything that names a person is
-- sealed under her own key (promise M2); only 16-bit search buckets stand beside it.

-- +goose Up
CREATE TABLE patient (
    clinic_id  BYTEA   NOT NULL,
    id         BYTEA   NOT NULL,
    name       BYTEA   NOT NULL,
    phone      BYTEA,
    email      BYTEA,
    birth_date BYTEA,
    sex        BYTEA,
    address    BYTEA,
    notes      BYTEA,
    language   TEXT    NOT NULL DEFAULT '',
    minor      BOOLEAN NOT NULL DEFAULT FALSE,
    source     TEXT    NOT NULL DEFAULT 'desk',
    seen_at    BIGINT  NOT NULL DEFAULT 0,
    created_at BIGINT  NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX patient_recent ON patient (clinic_id, seen_at);

CREATE TABLE patient_token (
    clinic_id  BYTEA  NOT NULL,
    bucket     BIGINT NOT NULL,
    patient_id BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, bucket, patient_id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX patient_token_owner ON patient_token (clinic_id, patient_id);

-- Empty but for the length of a transaction: two doors that enter the same name at the same
-- moment meet here, so that one person is not made twice.
CREATE TABLE patient_gate (
    clinic_id BYTEA  NOT NULL,
    bucket    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, bucket)
) /* clustered */;

CREATE TABLE guardian (
    clinic_id  BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    name       BYTEA  NOT NULL,
    phone      BYTEA,
    email      BYTEA,
    relation   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, patient_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;

CREATE TABLE notice (
    clinic_id  BYTEA  NOT NULL,
    purpose    TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    language   TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, purpose, version, language)
) /* clustered */;

CREATE TABLE consent (
    clinic_id      BYTEA   NOT NULL,
    patient_id     BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    purpose        TEXT    NOT NULL,
    channel        TEXT    NOT NULL DEFAULT '',
    given          BOOLEAN NOT NULL,
    notice_version BIGINT  NOT NULL DEFAULT 0,
    language       TEXT    NOT NULL DEFAULT '',
    door           TEXT    NOT NULL,
    guardian_id    BYTEA,
    at             BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, patient_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX consent_latest ON consent (clinic_id, patient_id, purpose, channel, at);

-- +goose Down
DROP TABLE consent;
DROP TABLE notice;
DROP TABLE guardian;
DROP TABLE patient_gate;
DROP TABLE patient_token;
DROP TABLE patient;
