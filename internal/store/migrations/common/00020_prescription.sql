-- Prescriptions: the sheet (sealed under the patient's key), how it ended, links to it, the clinic's sets and lists. A signed sheet is
-- never changed (promise E1): the fences of both engines say so. These tables take no row while the clinic has no prescriptions.

-- +goose Up
CREATE TABLE prescription (
    clinic_id    BYTEA   NOT NULL,
    id           BYTEA   NOT NULL,
    patient_id   BYTEA   NOT NULL,
    encounter_id BYTEA,
    provider_id  BYTEA,
    author_id    BYTEA   NOT NULL,
    replaces     BYTEA,
    language     TEXT    NOT NULL,
    remote       BOOLEAN NOT NULL DEFAULT FALSE,
    body         BYTEA,
    sheet        BYTEA,
    signed_as    BYTEA,
    code_hash    BYTEA,
    checked      TEXT    NOT NULL DEFAULT '',
    created_at   BIGINT  NOT NULL,
    saved_at     BIGINT  NOT NULL,
    signed_at    BIGINT  NOT NULL DEFAULT 0,
    signed_by    BYTEA,
    version      BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    FOREIGN KEY (clinic_id, encounter_id) REFERENCES encounter (clinic_id, id)
) /* clustered */;
CREATE INDEX prescription_patient ON prescription (clinic_id, patient_id, created_at);
CREATE INDEX prescription_code ON prescription (clinic_id, code_hash);
CREATE INDEX prescription_open ON prescription (clinic_id, signed_at, saved_at);

CREATE TABLE prescription_end (
    clinic_id       BYTEA  NOT NULL,
    prescription_id BYTEA  NOT NULL,
    patient_id      BYTEA  NOT NULL,
    reason          BYTEA,
    next_id         BYTEA,
    ended_at        BIGINT NOT NULL,
    ended_by        BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, prescription_id),
    FOREIGN KEY (clinic_id, prescription_id) REFERENCES prescription (clinic_id, id)
) /* clustered */;
CREATE INDEX prescription_end_patient ON prescription_end (clinic_id, patient_id);

CREATE TABLE prescription_share (
    clinic_id       BYTEA  NOT NULL,
    id              BYTEA  NOT NULL,
    prescription_id BYTEA  NOT NULL,
    patient_id      BYTEA  NOT NULL,
    channel         TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      BYTEA  NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT NOT NULL DEFAULT 0,
    opened          BIGINT NOT NULL DEFAULT 0,
    opened_at       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, prescription_id) REFERENCES prescription (clinic_id, id)
) /* clustered */;
CREATE INDEX prescription_share_sheet ON prescription_share (clinic_id, prescription_id);
CREATE INDEX prescription_share_patient ON prescription_share (clinic_id, patient_id);
CREATE INDEX prescription_share_age ON prescription_share (clinic_id, expires_at);

-- Only the hash of a link's token is kept. A message that is tried again has a link of its own.
CREATE TABLE prescription_link (
    clinic_id  BYTEA  NOT NULL,
    token_hash BYTEA  NOT NULL,
    share_id   BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, token_hash),
    FOREIGN KEY (clinic_id, share_id) REFERENCES prescription_share (clinic_id, id)
) /* clustered */;
CREATE INDEX prescription_link_share ON prescription_link (clinic_id, share_id);

CREATE TABLE prescription_set (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    letters    TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX prescription_set_letters ON prescription_set (clinic_id, letters);

-- Lists that the clinic imported, each as it was, with the hash that it had then: a list whose hash is another one is not used.
CREATE TABLE drug_list (
    clinic_id BYTEA  NOT NULL,
    kind      TEXT   NOT NULL CHECK (kind IN ('drugs', 'warnings')),
    number    BIGINT NOT NULL,
    title     TEXT   NOT NULL,
    hash      BYTEA  NOT NULL,
    lines     BIGINT NOT NULL,
    body      BYTEA  NOT NULL,
    added_at  BIGINT NOT NULL,
    added_by  BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, kind, number)
);

CREATE TABLE drug_alias (
    clinic_id BYTEA NOT NULL,
    alias     TEXT  NOT NULL,
    generic   TEXT  NOT NULL,
    PRIMARY KEY (clinic_id, alias)
) /* clustered */;

CREATE TABLE prescription_setting (
    clinic_id BYTEA  NOT NULL,
    days      BIGINT NOT NULL,
    paper     TEXT   NOT NULL,
    version   BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id)
) /* clustered */;

-- +goose Down
DROP TABLE prescription_setting;
DROP TABLE drug_alias;
DROP TABLE drug_list;
DROP TABLE prescription_set;
DROP TABLE prescription_link;
DROP TABLE prescription_share;
DROP TABLE prescription_end;
DROP TABLE prescription;
