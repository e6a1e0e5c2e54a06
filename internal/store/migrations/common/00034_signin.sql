-- Signing in with a second factor: what people prove it by, what is asked of them, from where they came, and what went wrong.

-- +goose Up
-- How many factors a session was begun with, and when one was shown last.
ALTER TABLE session ADD COLUMN level BIGINT NOT NULL DEFAULT 1;
ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;

-- A code app or a passkey. used_step is the time step of the last code that was taken: no code works twice.
CREATE TABLE authenticator (
    person_id    BYTEA  NOT NULL REFERENCES person (id),
    id           BYTEA  NOT NULL,
    kind         TEXT   NOT NULL,
    name         BYTEA,
    secret       BYTEA  NOT NULL,
    handle       BYTEA  UNIQUE,
    used_step    BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL DEFAULT 0,
    used_at      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id)
) /* clustered */;

CREATE TABLE recovery_code (
    person_id  BYTEA  NOT NULL REFERENCES person (id),
    code_hash  BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, code_hash)
) /* clustered */;

-- What a passkey has to sign. It is taken away before the answer is looked at.
CREATE TABLE challenge (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    id         BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    person_id  BYTEA,
    session_id BYTEA,
    body       BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL
) /* clustered */;
CREATE INDEX challenge_expiry ON challenge (expires_at);

CREATE TABLE known_device (
    person_id BYTEA  NOT NULL REFERENCES person (id),
    mark      BYTEA  NOT NULL,
    first_at  BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (person_id, mark)
) /* clustered */;
CREATE INDEX known_device_seen ON known_device (seen_at);

-- person_id is empty where nobody has the address that was tried.
CREATE TABLE sign_in_event (
    id        BYTEA  NOT NULL PRIMARY KEY,
    person_id BYTEA,
    kind      TEXT   NOT NULL,
    at        BIGINT NOT NULL
) /* clustered */;
CREATE INDEX sign_in_event_person ON sign_in_event (person_id, at);
CREATE INDEX sign_in_event_at ON sign_in_event (at);

-- What a clinic asks of its people beyond what the house asks: a second factor of everybody, and its own idle time in minutes.
CREATE TABLE sign_in_rule (
    clinic_id BYTEA   NOT NULL PRIMARY KEY,
    everybody BOOLEAN NOT NULL DEFAULT FALSE,
    idle      BIGINT  NOT NULL DEFAULT 0,
    version   BIGINT  NOT NULL DEFAULT 1
) /* clustered */;

-- +goose Down
DROP TABLE sign_in_rule;
DROP TABLE sign_in_event;
DROP TABLE known_device;
DROP TABLE challenge;
DROP TABLE recovery_code;
DROP TABLE authenticator;
ALTER TABLE session DROP COLUMN proved_at;
ALTER TABLE session DROP COLUMN level;
