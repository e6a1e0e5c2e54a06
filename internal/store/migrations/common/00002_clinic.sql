-- The clinic, its people and what they offer. Every table starts with clinic_id, and every
-- reference carries it, so that a row cannot point into another clinic (promise A7).

-- +goose Up
CREATE TABLE clinic (
    clinic_id       BYTEA   NOT NULL PRIMARY KEY,
    slug            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    legal_entity    TEXT    NOT NULL DEFAULT '',
    address         TEXT    NOT NULL DEFAULT '',
    phone           TEXT    NOT NULL DEFAULT '',
    email           TEXT    NOT NULL DEFAULT '',
    tax_numbers     TEXT    NOT NULL DEFAULT '',
    contact         BYTEA,
    zone            TEXT    NOT NULL,
    country         TEXT    NOT NULL,
    jurisdiction    TEXT    NOT NULL,
    region          TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    languages       TEXT    NOT NULL,
    colour          TEXT    NOT NULL DEFAULT '',
    logo            BYTEA,
    logo_type       TEXT    NOT NULL DEFAULT '',
    modules         TEXT    NOT NULL DEFAULT 'scheduling',
    online          BOOLEAN NOT NULL DEFAULT TRUE,
    show_phone      BOOLEAN NOT NULL DEFAULT TRUE,
    show_email      BOOLEAN NOT NULL DEFAULT TRUE,
    min_notice      BIGINT  NOT NULL DEFAULT 60 CHECK (min_notice >= 0),
    horizon_days    BIGINT  NOT NULL DEFAULT 60 CHECK (horizon_days BETWEEN 1 AND 400),
    step_minutes    BIGINT  NOT NULL DEFAULT 15 CHECK (step_minutes IN (5, 10, 15, 20, 30, 60)),
    status          TEXT    NOT NULL DEFAULT 'open',
    closed_at       BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL DEFAULT 1
);

CREATE TABLE provider (
    clinic_id           BYTEA   NOT NULL,
    id                  BYTEA   NOT NULL,
    name                BYTEA   NOT NULL,
    speciality          TEXT    NOT NULL DEFAULT '',
    qualification       BYTEA,
    registration_no     BYTEA,
    about               BYTEA,
    show_speciality     BOOLEAN NOT NULL DEFAULT FALSE,
    show_qualification  BOOLEAN NOT NULL DEFAULT FALSE,
    show_registration   BOOLEAN NOT NULL DEFAULT FALSE,
    show_about          BOOLEAN NOT NULL DEFAULT FALSE,
    online              BOOLEAN NOT NULL DEFAULT TRUE,
    colour              BIGINT  NOT NULL DEFAULT 0,
    position            BIGINT  NOT NULL DEFAULT 0,
    weekly              TEXT    NOT NULL DEFAULT '[]',
    daily_cap           BIGINT  NOT NULL DEFAULT 0 CHECK (daily_cap >= 0),
    retired_at          BIGINT  NOT NULL DEFAULT 0,
    created_at          BIGINT  NOT NULL,
    version             BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE hours_change (
    clinic_id   BYTEA   NOT NULL,
    provider_id BYTEA   NOT NULL,
    day         TEXT    NOT NULL,
    open        BOOLEAN NOT NULL,
    intervals   TEXT    NOT NULL DEFAULT '[]',
    PRIMARY KEY (clinic_id, provider_id, day),
    FOREIGN KEY (clinic_id, provider_id) REFERENCES provider (clinic_id, id)
) /* clustered */;

CREATE TABLE leave (
    clinic_id   BYTEA  NOT NULL,
    provider_id BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL CHECK (ends_at > starts_at),
    reason      BYTEA,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, provider_id) REFERENCES provider (clinic_id, id)
) /* clustered */;
CREATE INDEX leave_when ON leave (clinic_id, provider_id, ends_at);

CREATE TABLE closure (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL CHECK (ends_at > starts_at),
    name       TEXT   NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX closure_when ON closure (clinic_id, ends_at);

CREATE TABLE service (
    clinic_id      BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    name           TEXT    NOT NULL,
    about          TEXT    NOT NULL DEFAULT '',
    duration       BIGINT  NOT NULL CHECK (duration > 0 AND duration <= 720 AND duration % 5 = 0),
    buffer_before  BIGINT  NOT NULL DEFAULT 0 CHECK (buffer_before >= 0 AND buffer_before <= 240 AND buffer_before % 5 = 0),
    buffer_after   BIGINT  NOT NULL DEFAULT 0 CHECK (buffer_after >= 0 AND buffer_after <= 240 AND buffer_after % 5 = 0),
    price          BIGINT  NOT NULL DEFAULT 0 CHECK (price >= 0),
    show_price     BOOLEAN NOT NULL DEFAULT TRUE,
    online         BOOLEAN NOT NULL DEFAULT TRUE,
    position       BIGINT  NOT NULL DEFAULT 0,
    retired_at     BIGINT  NOT NULL DEFAULT 0,
    created_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE service_provider (
    clinic_id   BYTEA NOT NULL,
    service_id  BYTEA NOT NULL,
    provider_id BYTEA NOT NULL,
    PRIMARY KEY (clinic_id, service_id, provider_id),
    FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id),
    FOREIGN KEY (clinic_id, provider_id) REFERENCES provider (clinic_id, id)
) /* clustered */;

-- +goose Down
DROP TABLE service_provider;
DROP TABLE service;
DROP TABLE closure;
DROP TABLE leave;
DROP TABLE hours_change;
DROP TABLE provider;
DROP TABLE clinic;
