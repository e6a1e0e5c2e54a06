-- What a law wants kept of patients when their clinic goes: sealed under keys of the platform, each with a last day, and who answers for it. It belongs to no clinic,
-- because there is none any more (decision 66).

-- +goose Up
ALTER TABLE closing ADD COLUMN custodian BYTEA;

CREATE TABLE custody (
    clinic_id   BYTEA  NOT NULL PRIMARY KEY,
    answers     BYTEA,
    zone        TEXT   NOT NULL,
    last_day    TEXT   NOT NULL CHECK (length(last_day) = 10),
    closed_at   BIGINT NOT NULL,
    bridged     BIGINT NOT NULL DEFAULT 1 CHECK (bridged IN (0, 1)),
    certificate TEXT   NOT NULL DEFAULT ''
) /* clustered */;

CREATE TABLE custody_hold (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    class     TEXT   NOT NULL CHECK (length(class) BETWEEN 1 AND 32),
    last_day  TEXT   NOT NULL CHECK (length(last_day) = 10),
    source    TEXT   NOT NULL,
    number    BIGINT NOT NULL CHECK (number > 0),
    ended_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id) REFERENCES custody (clinic_id)
) /* clustered */;

CREATE TABLE custody_part (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    hold_id   BYTEA  NOT NULL,
    part      BIGINT NOT NULL CHECK (part >= 0),
    body      BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id),
    UNIQUE (clinic_id, hold_id, part),
    FOREIGN KEY (clinic_id, hold_id) REFERENCES custody_hold (clinic_id, id)
);

-- +goose Down
DROP TABLE custody_part;
DROP TABLE custody_hold;
DROP TABLE custody;
ALTER TABLE closing DROP COLUMN custodian;
