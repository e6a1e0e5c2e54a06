-- What people ask about their own data, and what became of it: the request with its clock, the person's statement beside data that she contests,
-- whom she nominated, children found without a guardian, and addresses that somebody still has to prove (decision 57). There is no column for a fee.

-- +goose Up
CREATE TABLE data_request (
    clinic_id    BYTEA  NOT NULL,
    id           BYTEA  NOT NULL,
    patient_id   BYTEA,
    kind         TEXT   NOT NULL CHECK (kind IN ('access', 'portability', 'correction', 'deletion', 'objection', 'restriction', 'complaint', 'nomination')),
    door         TEXT   NOT NULL CHECK (door IN ('link', 'letter', 'visit', 'talk', 'operator')),
    asker        TEXT   NOT NULL CHECK (asker IN ('self', 'guardian', 'nominee')),
    state        TEXT   NOT NULL CHECK (state IN ('received', 'open', 'answered', 'withdrawn')),
    law          TEXT   NOT NULL,
    came_at      BIGINT NOT NULL,
    known_at     BIGINT NOT NULL DEFAULT 0,
    proof        TEXT   NOT NULL DEFAULT '' CHECK (proof IN ('', 'link', 'contact', 'met', 'papers')),
    proved_by    BYTEA,
    thread_id    BYTEA,
    due_at       BIGINT NOT NULL,
    confirm_due  BIGINT NOT NULL DEFAULT 0,
    confirmed_at BIGINT NOT NULL DEFAULT 0,
    longer_at    BIGINT NOT NULL DEFAULT 0,
    words        BYTEA,
    contact      BYTEA,
    outcome      TEXT   NOT NULL DEFAULT '' CHECK (outcome IN ('', 'granted', 'partly', 'refused')),
    ground       TEXT   NOT NULL DEFAULT '',
    why          BYTEA,
    decided_by   BYTEA,
    decided_at   BIGINT NOT NULL DEFAULT 0,
    told_at      BIGINT NOT NULL DEFAULT 0,
    told_by      TEXT   NOT NULL DEFAULT '' CHECK (told_by IN ('', 'message', 'page', 'hand')),
    erase_at     BIGINT NOT NULL DEFAULT 0,
    warned       BIGINT NOT NULL DEFAULT 0,
    mailed       BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    CHECK (state <> 'open' OR patient_id IS NOT NULL),
    CHECK ((state = 'answered') = (outcome <> '')),
    CHECK (outcome NOT IN ('partly', 'refused') OR ground <> '')
) /* clustered */;
CREATE INDEX data_request_state ON data_request (clinic_id, state, due_at);
CREATE INDEX data_request_patient ON data_request (clinic_id, patient_id, came_at);

CREATE TABLE data_statement (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    about      TEXT   NOT NULL,
    words      BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX data_statement_patient ON data_statement (clinic_id, patient_id);

CREATE TABLE nominee (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    name       BYTEA  NOT NULL,
    contact    BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX nominee_patient ON nominee (clinic_id, patient_id);

CREATE TABLE young_found (
    clinic_id  BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    found_at   BIGINT NOT NULL,
    delete_at  BIGINT NOT NULL,
    mailed_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, patient_id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;

CREATE TABLE request_setting (
    clinic_id   BYTEA   NOT NULL,
    staff_names BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (clinic_id)
) /* clustered */;

CREATE TABLE link_asked (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    contact   BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE contact_proof (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    channel    TEXT   NOT NULL,
    address    BYTEA  NOT NULL,
    code       BYTEA,
    tries      BIGINT NOT NULL DEFAULT 0,
    ends_at    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX contact_proof_patient ON contact_proof (clinic_id, patient_id);

-- +goose Down
DROP TABLE contact_proof;
DROP TABLE link_asked;
DROP TABLE request_setting;
DROP TABLE young_found;
DROP TABLE nominee;
DROP TABLE data_statement;
DROP TABLE data_request;
