-- Under which terms each patient is: every version of a clinic's policy with the values that it promised, word for word and for ever; what patients
-- answered to a new one; who was told of it. And which statement of confidentiality each person signed (decision 0055).

-- +goose Up
CREATE TABLE policy_text (
    clinic_id BYTEA  NOT NULL,
    digest    TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    kept_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, digest)
) /* clustered */;

CREATE TABLE policy_version (
    clinic_id    BYTEA  NOT NULL,
    n            BIGINT NOT NULL CHECK (n > 0),
    id           BYTEA  NOT NULL,
    digest       TEXT   NOT NULL,
    text_digest  TEXT   NOT NULL,
    terms        TEXT   NOT NULL,
    gate         TEXT   NOT NULL CHECK (gate IN ('first', 'stricter', 'nobody', 'announced')),
    made_by      BYTEA,
    made_at      BIGINT NOT NULL,
    noticed_at   BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, n),
    UNIQUE (clinic_id, id),
    FOREIGN KEY (clinic_id, text_digest) REFERENCES policy_text (clinic_id, digest),
    CHECK (effective_at >= made_at AND noticed_at <= made_at),
    CHECK (gate <> 'announced' OR effective_at >= noticed_at + 2592000000000)
) /* clustered */;

CREATE TABLE policy_answer (
    clinic_id  BYTEA   NOT NULL,
    id         BYTEA   NOT NULL,
    patient_id BYTEA   NOT NULL,
    n          BIGINT  NOT NULL,
    agreed     BOOLEAN NOT NULL,
    door       TEXT    NOT NULL CHECK (door IN ('link', 'desk')),
    at         BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, n) REFERENCES policy_version (clinic_id, n),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX policy_answer_of ON policy_answer (clinic_id, patient_id, at);

CREATE TABLE policy_told (
    clinic_id  BYTEA  NOT NULL,
    n          BIGINT NOT NULL,
    patient_id BYTEA  NOT NULL,
    message_id BYTEA,
    at         BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, n, patient_id),
    FOREIGN KEY (clinic_id, n) REFERENCES policy_version (clinic_id, n),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX policy_told_of ON policy_told (clinic_id, patient_id);

CREATE TABLE policy_announced (
    clinic_id BYTEA  NOT NULL,
    n         BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, n),
    FOREIGN KEY (clinic_id, n) REFERENCES policy_version (clinic_id, n)
) /* clustered */;

CREATE TABLE confidentiality_text (
    digest  TEXT   NOT NULL PRIMARY KEY,
    text    TEXT   NOT NULL,
    kept_at BIGINT NOT NULL
) /* clustered */;

CREATE TABLE confidentiality (
    person_id BYTEA  NOT NULL,
    digest    TEXT   NOT NULL REFERENCES confidentiality_text (digest),
    signer    BYTEA  NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, digest)
) /* clustered */;

-- +goose Down
DROP TABLE confidentiality;
DROP TABLE confidentiality_text;
DROP TABLE policy_announced;
DROP TABLE policy_told;
DROP TABLE policy_answer;
DROP TABLE policy_version;
DROP TABLE policy_text;
