-- How long records live, and what keeps one longer: holds of the law, the nightly run, what owners were told before something goes, what is left of
-- a clinic that goes, and a clinic that was suspended (decision 60).

-- +goose Up
CREATE TABLE legal_hold (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    patient_id  BYTEA  NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('asked', 'held', 'refused', 'ended')),
    reason      BYTEA,
    until       TEXT   NOT NULL,
    asked_by    BYTEA  NOT NULL,
    asked_at    BIGINT NOT NULL,
    approved_by BYTEA,
    approved_at BIGINT NOT NULL DEFAULT 0,
    ended_by    BYTEA,
    ended_at    BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    CHECK (approved_by IS NULL OR approved_by <> asked_by),
    CHECK (state <> 'held' OR approved_by IS NOT NULL)
) /* clustered */;
CREATE UNIQUE INDEX legal_hold_open ON legal_hold (clinic_id, patient_id) WHERE state IN ('asked', 'held');

CREATE TABLE retention_run (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL DEFAULT 0,
    gone      TEXT   NOT NULL DEFAULT '',
    ahead     TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (clinic_id, day)
) /* clustered */;

CREATE TABLE retention_notice (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    class      TEXT   NOT NULL,
    records    BIGINT NOT NULL,
    noticed_at BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    mailed_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX retention_notice_class ON retention_notice (clinic_id, class, until_at);

CREATE TABLE booking_count (
    clinic_id BYTEA  NOT NULL,
    month     TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    times     BIGINT NOT NULL CHECK (times >= 10),
    PRIMARY KEY (clinic_id, month, action)
) /* clustered */;

CREATE TABLE statutory_key (
    clinic_id    BYTEA  NOT NULL,
    month        TEXT   NOT NULL,
    key_id       BYTEA  NOT NULL,
    made_at      BIGINT NOT NULL,
    destroyed_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, month)
) /* clustered */;

CREATE TABLE statutory_copy (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    month     TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    body      BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX statutory_copy_at ON statutory_copy (clinic_id, at);

CREATE TABLE closing (
    clinic_id  BYTEA   NOT NULL PRIMARY KEY,
    asked_by   BYTEA   NOT NULL,
    asked_at   BIGINT  NOT NULL,
    goes_at    BIGINT  NOT NULL,
    remainder  BOOLEAN NOT NULL DEFAULT FALSE,
    noticed_at BIGINT  NOT NULL DEFAULT 0,
    now_by     BYTEA,
    now_at     BIGINT  NOT NULL DEFAULT 0,
    second_by  BYTEA,
    second_at  BIGINT  NOT NULL DEFAULT 0,
    version    BIGINT  NOT NULL DEFAULT 1,
    CHECK (second_by IS NULL OR second_by <> now_by)
) /* clustered */;

CREATE TABLE clinic_gone (
    clinic_id BYTEA  NOT NULL PRIMARY KEY,
    begun_at  BIGINT NOT NULL,
    gone_at   BIGINT NOT NULL DEFAULT 0,
    records   BIGINT NOT NULL DEFAULT 0
) /* clustered */;

CREATE TABLE remainder (
    place  TEXT   NOT NULL,
    month  TEXT   NOT NULL,
    action TEXT   NOT NULL,
    times  BIGINT NOT NULL CHECK (times >= 10),
    PRIMARY KEY (place, month, action)
) /* clustered */;

CREATE TABLE retention_clock (
    id           BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seen_at      BIGINT NOT NULL,
    refused_at   BIGINT NOT NULL DEFAULT 0,
    confirmed_at BIGINT NOT NULL DEFAULT 0
) /* clustered */;

CREATE TABLE suspension (
    id          BYTEA  NOT NULL PRIMARY KEY,
    clinic_id   BYTEA  NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('asked', 'announced', 'refused', 'lifted')),
    ground      TEXT   NOT NULL,
    words       BYTEA,
    asked_by    BYTEA  NOT NULL,
    asked_at    BIGINT NOT NULL,
    approved_by BYTEA,
    approved_at BIGINT NOT NULL DEFAULT 0,
    begins_at   BIGINT NOT NULL DEFAULT 0,
    told_before BIGINT NOT NULL DEFAULT 0,
    told_after  BIGINT NOT NULL DEFAULT 0,
    lifted_by   BYTEA,
    lifted_at   BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1,
    CHECK (approved_by IS NULL OR approved_by <> asked_by)
) /* clustered */;
CREATE UNIQUE INDEX suspension_open ON suspension (clinic_id) WHERE state IN ('asked', 'announced');

ALTER TABLE standing ADD COLUMN suspended_from BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE standing DROP COLUMN suspended_from;
DROP TABLE suspension;
DROP TABLE retention_clock;
DROP TABLE remainder;
DROP TABLE clinic_gone;
DROP TABLE closing;
DROP TABLE statutory_copy;
DROP TABLE statutory_key;
DROP TABLE booking_count;
DROP TABLE retention_notice;
DROP TABLE retention_run;
DROP TABLE legal_hold;
