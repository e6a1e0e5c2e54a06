-- Counts of a clinic's days, in which nobody is named: the reports are made of them, so that a year opens quickly. They can be made
-- again from what they were counted from. Beside them what the clinic chose to have counted of its own use of the program, and of its public page.

-- +goose Up
CREATE TABLE insight_setting (
    clinic_id  BYTEA   NOT NULL,
    features   BOOLEAN NOT NULL DEFAULT FALSE,
    visitors   BOOLEAN NOT NULL DEFAULT FALSE,
    children   BOOLEAN NOT NULL DEFAULT FALSE,
    changed_at BIGINT  NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id)
) /* clustered */;

-- How far the days are counted, and up to which moment changes of earlier days were looked for.
CREATE TABLE insight_progress (
    clinic_id  BYTEA  NOT NULL,
    counted_to TEXT   NOT NULL,
    looked_at  BIGINT NOT NULL,
    PRIMARY KEY (clinic_id)
) /* clustered */;

CREATE TABLE insight_day (
    clinic_id       BYTEA  NOT NULL,
    day             TEXT   NOT NULL,
    provider_id     BYTEA  NOT NULL,
    attended        BIGINT NOT NULL,
    missed          BIGINT NOT NULL,
    cancelled       BIGINT NOT NULL,
    unmarked        BIGINT NOT NULL,
    claimed_minutes BIGINT NOT NULL,
    offered_minutes BIGINT NOT NULL,
    soon            BIGINT NOT NULL,
    soon_minutes    BIGINT NOT NULL,
    late            BIGINT NOT NULL,
    late_minutes    BIGINT NOT NULL,
    told_both       BIGINT NOT NULL,
    told_delivered  BIGINT NOT NULL,
    told_confirmed  BIGINT NOT NULL,
    told_only       BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, day, provider_id)
) /* clustered */;

CREATE TABLE insight_source (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    door      TEXT   NOT NULL,
    booked    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, day, door)
) /* clustered */;

CREATE TABLE insight_money (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    kind      TEXT   NOT NULL CHECK (kind IN ('paid', 'refunded', 'invoiced', 'credited', 'tax', 'tax-back')),
    part      TEXT   NOT NULL,
    currency  TEXT   NOT NULL,
    cases     BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, day, kind, part, currency)
) /* clustered */;

CREATE TABLE feature_day (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    feature   TEXT   NOT NULL,
    opened    BIGINT NOT NULL,
    slow      BIGINT NOT NULL,
    millis    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, day, feature)
) /* clustered */;

CREATE TABLE visitor_day (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    page      TEXT   NOT NULL,
    device    TEXT   NOT NULL,
    seen      BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, day, page, device)
) /* clustered */;

-- Who objected lately, and so has to leave the counts of earlier days.
CREATE INDEX consent_objection ON consent (clinic_id, at) WHERE purpose IN ('figures', 'restriction');

-- +goose Down
DROP INDEX consent_objection;
DROP TABLE visitor_day;
DROP TABLE feature_day;
DROP TABLE insight_money;
DROP TABLE insight_source;
DROP TABLE insight_day;
DROP TABLE insight_progress;
DROP TABLE insight_setting;
