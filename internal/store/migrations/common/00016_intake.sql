-- What patients are asked before a visit, and what they agree to with their name. A version of a form is known by the hash of what it says and
-- never changes; answers keep the version that they were given to. Answers are sealed under the patient's own key (promise M2).

-- +goose Up
CREATE TABLE intake_form (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('questions', 'consent')),
    service_id BYTEA,
    hash       BYTEA  NOT NULL,
    changed_at BIGINT NOT NULL,
    retired_at BIGINT NOT NULL DEFAULT 0,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE intake_text (
    clinic_id  BYTEA  NOT NULL,
    form_id    BYTEA  NOT NULL,
    hash       BYTEA  NOT NULL,
    body       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, form_id, hash),
    FOREIGN KEY (clinic_id, form_id) REFERENCES intake_form (clinic_id, id)
) /* clustered */;

CREATE TABLE intake_answer (
    clinic_id      BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    patient_id     BYTEA   NOT NULL,
    appointment_id BYTEA   NOT NULL,
    form_id        BYTEA   NOT NULL,
    hash           BYTEA   NOT NULL,
    answers        BYTEA,
    signed_name    BYTEA,
    guardian_id    BYTEA,
    signed_at      BIGINT  NOT NULL DEFAULT 0,
    changed_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    FOREIGN KEY (clinic_id, form_id, hash) REFERENCES intake_text (clinic_id, form_id, hash)
) /* clustered */;
CREATE UNIQUE INDEX intake_answer_once ON intake_answer (clinic_id, appointment_id, form_id);
CREATE INDEX intake_answer_patient ON intake_answer (clinic_id, patient_id, changed_at);
CREATE INDEX intake_answer_draft ON intake_answer (clinic_id, signed_at, changed_at);

-- +goose Down
DROP TABLE intake_answer;
DROP TABLE intake_text;
DROP TABLE intake_form;
