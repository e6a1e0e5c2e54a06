-- Who of the platform helps clinics, what each clinic let them see and for how long, what clinics wrote to them, and what the platform
-- says to everybody. A grant is the clinic's own row; the rest belongs to the platform (decision 45).

-- +goose Up
CREATE TABLE helper (
    person_id BYTEA  NOT NULL PRIMARY KEY,
    role      TEXT   NOT NULL CHECK (role IN ('support', 'operator')),
    added_at  BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL DEFAULT 0
) /* clustered */;

CREATE TABLE support_grant (
    clinic_id   BYTEA   NOT NULL,
    id          BYTEA   NOT NULL,
    helper_id   BYTEA   NOT NULL,
    helper_name BYTEA   NOT NULL,
    reason      BYTEA   NOT NULL,
    scopes      BIGINT  NOT NULL CHECK (scopes > 0),
    patient_id  BYTEA,
    minutes     BIGINT  NOT NULL CHECK (minutes >= 5 AND minutes <= 240),
    emergency   BOOLEAN NOT NULL DEFAULT FALSE,
    state       TEXT    NOT NULL CHECK (state IN ('asked', 'running', 'refused', 'withdrawn', 'ended')),
    asked_at    BIGINT  NOT NULL,
    decided_at  BIGINT  NOT NULL DEFAULT 0,
    decided_by  BYTEA,
    ends_at     BIGINT  NOT NULL DEFAULT 0,
    ended_at    BIGINT  NOT NULL DEFAULT 0,
    ended_by    BYTEA,
    reviewed_at BIGINT  NOT NULL DEFAULT 0,
    reviewed_by BYTEA,
    PRIMARY KEY (clinic_id, id),
    CHECK (ends_at <= decided_at + minutes * 60000000),
    CHECK (NOT emergency OR minutes <= 60)
) /* clustered */;
CREATE INDEX support_grant_recent ON support_grant (clinic_id, asked_at);

CREATE TABLE support_asked (
    person_id BYTEA  NOT NULL,
    clinic_id BYTEA  NOT NULL,
    asked_at  BIGINT NOT NULL,
    PRIMARY KEY (person_id, clinic_id)
) /* clustered */;

CREATE TABLE support_seat (
    session_id BYTEA  NOT NULL PRIMARY KEY,
    person_id  BYTEA  NOT NULL,
    clinic_id  BYTEA  NOT NULL,
    grant_id   BYTEA  NOT NULL,
    taken_at   BIGINT NOT NULL
) /* clustered */;

CREATE TABLE ticket (
    id         BYTEA  NOT NULL PRIMARY KEY,
    clinic_id  BYTEA  NOT NULL,
    person_id  BYTEA  NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('question', 'wish')),
    subject    BYTEA  NOT NULL,
    page       TEXT   NOT NULL DEFAULT '',
    state      TEXT   NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
    opened_at  BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1
) /* clustered */;
CREATE INDEX ticket_clinic ON ticket (clinic_id, changed_at);
CREATE INDEX ticket_state ON ticket (state, changed_at);

CREATE TABLE ticket_line (
    id        BYTEA   NOT NULL PRIMARY KEY,
    ticket_id BYTEA   NOT NULL REFERENCES ticket (id),
    person_id BYTEA   NOT NULL,
    from_us   BOOLEAN NOT NULL,
    words     BYTEA   NOT NULL,
    said_at   BIGINT  NOT NULL
) /* clustered */;
CREATE INDEX ticket_line_of ON ticket_line (ticket_id, said_at);

CREATE TABLE service_notice (
    id           BYTEA  NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL CHECK (kind IN ('planned', 'outage', 'security', 'product')),
    texts        TEXT   NOT NULL,
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL DEFAULT 0,
    mailed_to    BYTEA,
    mailed_at    BIGINT NOT NULL DEFAULT 0
) /* clustered */;
CREATE INDEX service_notice_recent ON service_notice (published_at);

CREATE TABLE mail_choice (
    person_id  BYTEA   NOT NULL,
    list       TEXT    NOT NULL CHECK (list IN ('security', 'product')),
    wanted     BOOLEAN NOT NULL,
    changed_at BIGINT  NOT NULL,
    PRIMARY KEY (person_id, list)
) /* clustered */;

CREATE TABLE ownership_transfer (
    id          BYTEA  NOT NULL PRIMARY KEY,
    clinic_id   BYTEA  NOT NULL,
    from_id     BYTEA  NOT NULL,
    to_id       BYTEA  NOT NULL,
    stays_as    TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('offered', 'accepted', 'done', 'taken-back')),
    offered_at  BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL DEFAULT 0,
    settled_at  BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1
) /* clustered */;
CREATE UNIQUE INDEX ownership_transfer_one ON ownership_transfer (clinic_id) WHERE state IN ('offered', 'accepted');

ALTER TABLE audit_leaf ADD COLUMN grant_id BYTEA;
CREATE INDEX audit_leaf_grant ON audit_leaf (clinic_id, grant_id) WHERE grant_id IS NOT NULL;

-- +goose Down
DROP INDEX audit_leaf_grant;
ALTER TABLE audit_leaf DROP COLUMN grant_id;
DROP TABLE ownership_transfer;
DROP TABLE mail_choice;
DROP TABLE service_notice;
DROP TABLE ticket_line;
DROP TABLE ticket;
DROP TABLE support_seat;
DROP TABLE support_asked;
DROP TABLE support_grant;
DROP TABLE helper;
