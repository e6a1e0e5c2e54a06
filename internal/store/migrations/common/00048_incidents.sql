-- What went wrong, or may have: what was noticed, whom it touched, what the law asks of whom by when, who was told, and what was learnt. And by
-- which sign-in each entry of the audit log came, so that what a stolen one saw can be told exactly (decision 49).

-- +goose Up
ALTER TABLE audit_leaf ADD COLUMN session_id BYTEA;
ALTER TABLE audit_seen ADD COLUMN ids BYTEA;

CREATE TABLE incident (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    cause       TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('suspected', 'confirmed', 'closed')),
    person_id   BYTEA,
    session_id  BYTEA,
    processor   TEXT   NOT NULL DEFAULT '',
    from_at     BIGINT NOT NULL,
    to_at       BIGINT NOT NULL,
    times       BIGINT NOT NULL DEFAULT 1,
    found_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    opened_by   BYTEA,
    words       BYTEA,
    aware_at    BIGINT NOT NULL DEFAULT 0,
    mailed_at   BIGINT NOT NULL DEFAULT 0,
    computed_at BIGINT NOT NULL DEFAULT 0,
    erased      BIGINT NOT NULL DEFAULT 0,
    notifiable  TEXT   NOT NULL DEFAULT '' CHECK (notifiable IN ('', 'yes', 'no')),
    why         BYTEA,
    decided_by  BYTEA,
    decided_at  BIGINT NOT NULL DEFAULT 0,
    lessons     BYTEA,
    closed_by   BYTEA,
    closed_at   BIGINT NOT NULL DEFAULT 0,
    signed_by   BYTEA,
    signed_at   BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, cause),
    CHECK (to_at = 0 OR to_at >= from_at)
) /* clustered */;
CREATE INDEX incident_state ON incident (clinic_id, state, found_at);

CREATE TABLE incident_patient (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    incident_id BYTEA  NOT NULL,
    patient_id  BYTEA  NOT NULL,
    acts        TEXT   NOT NULL,
    classes     TEXT   NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    entries     BIGINT NOT NULL,
    told_at     BIGINT NOT NULL DEFAULT 0,
    told_by     TEXT   NOT NULL DEFAULT '' CHECK (told_by IN ('', 'message', 'hand')),
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, incident_id, patient_id),
    FOREIGN KEY (clinic_id, incident_id) REFERENCES incident (clinic_id, id)
) /* clustered */;
CREATE INDEX incident_patient_of ON incident_patient (clinic_id, patient_id);

CREATE TABLE incident_step (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    incident_id BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    duty        TEXT   NOT NULL DEFAULT '',
    person_id   BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    words       BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, incident_id) REFERENCES incident (clinic_id, id)
) /* clustered */;
CREATE INDEX incident_step_of ON incident_step (clinic_id, incident_id, at);
CREATE UNIQUE INDEX incident_step_duty ON incident_step (clinic_id, incident_id, duty) WHERE duty <> '';

CREATE TABLE security_text (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    incident_id BYTEA  NOT NULL,
    language    TEXT   NOT NULL,
    subject     BYTEA  NOT NULL,
    body        BYTEA  NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, incident_id, language)
) /* clustered */;

CREATE TABLE platform_incident (
    id        BYTEA  NOT NULL PRIMARY KEY,
    cause     TEXT   NOT NULL UNIQUE,
    rule      TEXT   NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('suspected', 'confirmed', 'closed')),
    processor TEXT   NOT NULL DEFAULT '',
    from_at   BIGINT NOT NULL,
    to_at     BIGINT NOT NULL,
    times     BIGINT NOT NULL DEFAULT 1,
    found_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    person_id BYTEA,
    words     BYTEA,
    aware_at  BIGINT NOT NULL DEFAULT 0,
    mailed_at BIGINT NOT NULL DEFAULT 0,
    lessons   BYTEA,
    closed_by BYTEA,
    closed_at BIGINT NOT NULL DEFAULT 0,
    version   BIGINT NOT NULL DEFAULT 1
) /* clustered */;
CREATE INDEX platform_incident_state ON platform_incident (state, found_at);

CREATE TABLE platform_incident_clinic (
    incident_id BYTEA  NOT NULL REFERENCES platform_incident (id),
    clinic_id   BYTEA  NOT NULL,
    told_at     BIGINT NOT NULL,
    PRIMARY KEY (incident_id, clinic_id)
) /* clustered */;

-- +goose Down
DROP TABLE platform_incident_clinic;
DROP TABLE platform_incident;
DROP TABLE security_text;
DROP TABLE incident_step;
DROP TABLE incident_patient;
DROP TABLE incident;
ALTER TABLE audit_seen DROP COLUMN ids;
ALTER TABLE audit_leaf DROP COLUMN session_id;
