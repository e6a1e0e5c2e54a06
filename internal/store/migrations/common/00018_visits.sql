-- Visits: what was found and done, in the practitioner's words and numbers; what is known of a patient (allergies, conditions, medicines);
-- and files. Everything that tells something about her is sealed under her own key (promise M2). These tables take no row while the clinic
-- keeps no clinical records (promises A18, D6), and the text of a signed visit cannot be changed (promise D4).

-- +goose Up
CREATE TABLE encounter (
    clinic_id      BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    patient_id     BYTEA   NOT NULL,
    appointment_id BYTEA   NOT NULL,
    provider_id    BYTEA   NOT NULL,
    service_id     BYTEA   NOT NULL,
    starts_at      BIGINT  NOT NULL,
    day            TEXT    NOT NULL,
    note           BYTEA,
    vitals         BYTEA,
    measured       BOOLEAN NOT NULL DEFAULT FALSE,
    created_at     BIGINT  NOT NULL,
    changed_at     BIGINT  NOT NULL,
    changed_by     BYTEA,
    signed_at      BIGINT  NOT NULL DEFAULT 0,
    signed_by      BYTEA,
    signer         BYTEA,
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX encounter_appointment ON encounter (clinic_id, appointment_id);
CREATE INDEX encounter_patient ON encounter (clinic_id, patient_id, starts_at, id);
CREATE INDEX encounter_open ON encounter (clinic_id, signed_at, starts_at);

-- A text that met another one: kept until its writer has seen both.
CREATE TABLE encounter_aside (
    clinic_id    BYTEA  NOT NULL,
    encounter_id BYTEA  NOT NULL,
    id           BYTEA  NOT NULL,
    patient_id   BYTEA  NOT NULL,
    note         BYTEA  NOT NULL,
    person_id    BYTEA  NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, encounter_id, id),
    FOREIGN KEY (clinic_id, encounter_id) REFERENCES encounter (clinic_id, id)
) /* clustered */;
CREATE INDEX encounter_aside_age ON encounter_aside (clinic_id, at);
CREATE INDEX encounter_aside_patient ON encounter_aside (clinic_id, patient_id);

CREATE TABLE amendment (
    clinic_id    BYTEA  NOT NULL,
    encounter_id BYTEA  NOT NULL,
    id           BYTEA  NOT NULL,
    patient_id   BYTEA  NOT NULL,
    part         TEXT   NOT NULL,
    reason       BYTEA  NOT NULL,
    body         BYTEA  NOT NULL,
    signer       BYTEA  NOT NULL,
    person_id    BYTEA  NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, encounter_id, id),
    FOREIGN KEY (clinic_id, encounter_id) REFERENCES encounter (clinic_id, id)
) /* clustered */;
CREATE INDEX amendment_patient ON amendment (clinic_id, patient_id);

-- What is known of a patient. A row is never rewritten: what is corrected ends and a new one begins.
CREATE TABLE health (
    clinic_id  BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('allergy', 'condition', 'medicine', 'no-allergies')),
    body       BYTEA,
    source_id  BYTEA,
    added_at   BIGINT NOT NULL,
    added_by   BYTEA,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    ended_by   BYTEA,
    PRIMARY KEY (clinic_id, patient_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX health_now ON health (clinic_id, patient_id, ended_at);

CREATE TABLE file (
    clinic_id    BYTEA  NOT NULL,
    id           BYTEA  NOT NULL,
    patient_id   BYTEA  NOT NULL,
    encounter_id BYTEA,
    name         BYTEA  NOT NULL,
    kind         TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    pieces       BIGINT NOT NULL,
    added_at     BIGINT NOT NULL,
    added_by     BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX file_patient ON file (clinic_id, patient_id, added_at);

CREATE TABLE file_piece (
    clinic_id BYTEA  NOT NULL,
    file_id   BYTEA  NOT NULL,
    number    BIGINT NOT NULL,
    bytes     BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, file_id, number),
    FOREIGN KEY (clinic_id, file_id) REFERENCES file (clinic_id, id)
);

CREATE TABLE visit_template (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    speciality TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    retired_at BIGINT NOT NULL DEFAULT 0,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

-- Code lists that a clinic imported, each as it was: the newest is searched.
CREATE TABLE code_list (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    title     TEXT   NOT NULL,
    hash      BYTEA  NOT NULL,
    codes     BIGINT NOT NULL,
    body      BYTEA  NOT NULL,
    added_at  BIGINT NOT NULL,
    added_by  BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id)
);
CREATE INDEX code_list_newest ON code_list (clinic_id, added_at);

-- +goose Down
DROP TABLE code_list;
DROP TABLE visit_template;
DROP TABLE file_piece;
DROP TABLE file;
DROP TABLE health;
DROP TABLE amendment;
DROP TABLE encounter_aside;
DROP TABLE encounter;
