-- Erasures: what a law holds of somebody who was erased, until when, and the certificates. Nothing here names anybody.

-- +goose Up
CREATE TABLE erasure (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    patient_id  BYTEA  NOT NULL,
    by_id       BYTEA,
    reason      TEXT   NOT NULL CHECK (length(reason) BETWEEN 1 AND 64),
    erased_at   BIGINT NOT NULL,
    first_at    BIGINT NOT NULL DEFAULT 0,
    first       TEXT   NOT NULL DEFAULT '',
    second_at   BIGINT NOT NULL DEFAULT 0,
    second      TEXT   NOT NULL DEFAULT '',
    bridged     BIGINT NOT NULL DEFAULT 1 CHECK (bridged IN (0, 1)),
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, patient_id),
    FOREIGN KEY (clinic_id) REFERENCES clinic (clinic_id)
);
CREATE INDEX erasure_open ON erasure (clinic_id, erased_at) WHERE second_at = 0;

CREATE TABLE erasure_hold (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    erasure_id BYTEA  NOT NULL,
    class      TEXT   NOT NULL CHECK (length(class) BETWEEN 1 AND 32),
    last_day   TEXT   NOT NULL CHECK (length(last_day) = 10),
    source     TEXT   NOT NULL,
    number     BIGINT NOT NULL CHECK (number > 0),
    sealed     BIGINT NOT NULL CHECK (sealed IN (0, 1)),
    noticed_at BIGINT NOT NULL DEFAULT 0,
    ended_at   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, erasure_id) REFERENCES erasure (clinic_id, id)
);
CREATE INDEX erasure_hold_of ON erasure_hold (clinic_id, erasure_id);
CREATE INDEX erasure_hold_day ON erasure_hold (clinic_id, last_day) WHERE ended_at = 0;

CREATE TABLE held_part (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    hold_id   BYTEA  NOT NULL,
    part      BIGINT NOT NULL CHECK (part >= 0),
    body      BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, hold_id, part),
    FOREIGN KEY (clinic_id, hold_id) REFERENCES erasure_hold (clinic_id, id)
);

-- What was asked of, or has to be asked of, those who carried her messages.
CREATE TABLE erasure_carrier (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    erasure_id BYTEA  NOT NULL,
    carrier    TEXT   NOT NULL CHECK (length(carrier) BETWEEN 1 AND 64),
    number     BIGINT NOT NULL CHECK (number > 0),
    asked_at   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, erasure_id, carrier),
    FOREIGN KEY (clinic_id, erasure_id) REFERENCES erasure (clinic_id, id)
);

-- +goose Down
DROP TABLE erasure_carrier;
DROP TABLE held_part;
DROP TABLE erasure_hold;
DROP TABLE erasure;
