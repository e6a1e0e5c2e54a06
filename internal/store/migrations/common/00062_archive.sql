-- Clinics that leave and arrive: who took a clinic along and when, how far an arrival is, and lists of patients that were brought
-- in, with what each of them made, so that it can be taken back (decision 0058).

-- +goose Up
ALTER TABLE clinic ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE arrival (
    clinic_id   BYTEA  NOT NULL,
    manifest    TEXT   NOT NULL,
    signer      TEXT   NOT NULL,
    canonical   TEXT   NOT NULL,
    at_table    TEXT   NOT NULL,
    at_row      BIGINT NOT NULL,
    begun_at    BIGINT NOT NULL,
    done_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id)
) /* clustered */;

CREATE TABLE export_run (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    person_id   BYTEA  NOT NULL,
    patient_id  BYTEA,
    state       TEXT   NOT NULL CHECK (state IN ('asked', 'running', 'ready', 'failed', 'gone')),
    step        TEXT   NOT NULL DEFAULT '',
    rows_done   BIGINT NOT NULL DEFAULT 0,
    size        BIGINT NOT NULL DEFAULT 0,
    pieces      BIGINT NOT NULL DEFAULT 0,
    canonical   TEXT   NOT NULL DEFAULT '',
    asked_at    BIGINT NOT NULL,
    state_at    BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL DEFAULT 0,
    taken_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX export_run_recent ON export_run (clinic_id, asked_at);

CREATE TABLE list_import (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    person_id  BYTEA  NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('read', 'checking', 'checked', 'running', 'done', 'undoing', 'undone')),
    columns    TEXT   NOT NULL DEFAULT '',
    order_of   TEXT   NOT NULL DEFAULT '',
    lines      BIGINT NOT NULL DEFAULT 0,
    line_done  BIGINT NOT NULL DEFAULT 0,
    made       BIGINT NOT NULL DEFAULT 0,
    skipped    BIGINT NOT NULL DEFAULT 0,
    added_at   BIGINT NOT NULL,
    state_at   BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX list_import_recent ON list_import (clinic_id, added_at);

CREATE TABLE list_line (
    clinic_id BYTEA  NOT NULL,
    import_id BYTEA  NOT NULL,
    number    BIGINT NOT NULL,
    cells     BYTEA,
    verdict   TEXT   NOT NULL DEFAULT '',
    faults    TEXT   NOT NULL DEFAULT '',
    made_id   BYTEA,
    PRIMARY KEY (clinic_id, import_id, number),
    FOREIGN KEY (clinic_id, import_id) REFERENCES list_import (clinic_id, id)
) /* clustered */;
CREATE INDEX list_line_made ON list_line (clinic_id, made_id);

-- +goose Down
DROP TABLE list_line;
DROP TABLE list_import;
DROP TABLE export_run;
DROP TABLE arrival;
ALTER TABLE clinic DROP COLUMN held;
