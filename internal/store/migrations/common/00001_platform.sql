-- What belongs to no clinic. This list is closed: internal/store/platform.go names every table of it.
-- "/* clustered */" becomes WITHOUT ROWID on SQLite, so that a row lives in its primary key.

-- +goose Up
CREATE TABLE person (
    id             BYTEA   NOT NULL PRIMARY KEY,
    email_token    BYTEA   NOT NULL UNIQUE,
    email          BYTEA   NOT NULL,
    name           BYTEA,
    phone          BYTEA,
    job_title      BYTEA,
    password       TEXT    NOT NULL DEFAULT '',
    language       TEXT    NOT NULL DEFAULT '',
    theme          TEXT    NOT NULL DEFAULT '',
    shortcuts      BOOLEAN NOT NULL DEFAULT TRUE,
    verified_at    BIGINT  NOT NULL DEFAULT 0,
    disabled_at    BIGINT  NOT NULL DEFAULT 0,
    created_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL DEFAULT 1
) /* clustered */;

CREATE TABLE membership (
    clinic_id   BYTEA  NOT NULL,
    person_id   BYTEA  NOT NULL REFERENCES person (id),
    role        TEXT   NOT NULL,
    provider_id BYTEA,
    ended_at    BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, person_id)
) /* clustered */;
CREATE INDEX membership_person ON membership (person_id);

CREATE TABLE session (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    id         BYTEA  NOT NULL,
    person_id  BYTEA  NOT NULL REFERENCES person (id),
    clinic_id  BYTEA,
    csrf       BYTEA  NOT NULL,
    device     BYTEA,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) /* clustered */;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE invitation (
    token_hash  BYTEA  NOT NULL PRIMARY KEY,
    id          BYTEA  NOT NULL,
    clinic_id   BYTEA  NOT NULL,
    email_token BYTEA  NOT NULL,
    email       BYTEA  NOT NULL,
    role        TEXT   NOT NULL,
    provider_id BYTEA,
    invited_by  BYTEA  NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL DEFAULT 0
) /* clustered */;
CREATE INDEX invitation_clinic ON invitation (clinic_id);

CREATE TABLE one_time_link (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    person_id  BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
) /* clustered */;
CREATE INDEX one_time_link_expiry ON one_time_link (expires_at);

CREATE TABLE acceptance (
    person_id   BYTEA  NOT NULL REFERENCES person (id),
    document    TEXT   NOT NULL,
    version     TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, document, version)
) /* clustered */;

CREATE TABLE throttle (
    bucket   BYTEA  NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    until    BIGINT NOT NULL,
    seen_at  BIGINT NOT NULL
) /* clustered */;
CREATE INDEX throttle_seen ON throttle (seen_at);

CREATE TABLE clinic_route (
    slug      TEXT   NOT NULL PRIMARY KEY,
    clinic_id BYTEA  NOT NULL UNIQUE,
    opened_at BIGINT NOT NULL
) /* clustered */;

CREATE TABLE pulse (
    clinic_id BYTEA  NOT NULL PRIMARY KEY,
    counter   BIGINT NOT NULL,
    due_at    BIGINT NOT NULL
) /* clustered */;
CREATE INDEX pulse_due ON pulse (due_at);

CREATE TABLE outgoing_mail (
    id         BYTEA  NOT NULL PRIMARY KEY,
    person_id  BYTEA,
    kind       TEXT   NOT NULL,
    body       BYTEA  NOT NULL,
    state      TEXT   NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL
) /* clustered */;
CREATE INDEX outgoing_mail_due ON outgoing_mail (state, due_at);

CREATE TABLE audit_pending (
    leaf_id    BYTEA NOT NULL PRIMARY KEY,
    clinic_id  BYTEA NOT NULL,
    body       BYTEA NOT NULL,
    commitment BYTEA NOT NULL
) /* clustered */;

CREATE TABLE audit_tree (
    position  BIGINT NOT NULL PRIMARY KEY,
    hash      BYTEA  NOT NULL,
    clinic_id BYTEA,
    leaf_id   BYTEA  UNIQUE
);

CREATE TABLE audit_head (
    size BIGINT NOT NULL PRIMARY KEY,
    root BYTEA  NOT NULL,
    at   BIGINT NOT NULL
);

CREATE TABLE probe_result (
    id         TEXT   NOT NULL PRIMARY KEY,
    status     TEXT   NOT NULL,
    evidence   TEXT   NOT NULL,
    checked_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE probe_result;
DROP TABLE audit_head;
DROP TABLE audit_tree;
DROP TABLE audit_pending;
DROP TABLE outgoing_mail;
DROP TABLE pulse;
DROP TABLE clinic_route;
DROP TABLE throttle;
DROP TABLE acceptance;
DROP TABLE one_time_link;
DROP TABLE invitation;
DROP TABLE session;
DROP TABLE membership;
DROP TABLE person;
