-- Who has which time. The primary key of claims is what makes double booking impossible
-- (promise B4): one row per resource and five minutes, whatever way the time is held.

-- +goose Up
CREATE TABLE appointment (
    clinic_id       BYTEA   NOT NULL,
    id              BYTEA   NOT NULL,
    patient_id      BYTEA   NOT NULL,
    provider_id     BYTEA   NOT NULL,
    service_id      BYTEA   NOT NULL,
    starts_at       BIGINT  NOT NULL CHECK (starts_at % 300000000 = 0),
    ends_at         BIGINT  NOT NULL CHECK (ends_at > starts_at AND ends_at % 300000000 = 0),
    claims_from     BIGINT  NOT NULL,
    claims_to       BIGINT  NOT NULL,
    day             TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    lane            BIGINT  NOT NULL DEFAULT 0,
    occurrence      BIGINT  NOT NULL DEFAULT 0,
    sequence        BIGINT  NOT NULL DEFAULT 0,
    door            TEXT    NOT NULL,
    note            BYTEA,
    overbook_reason BYTEA,
    language        TEXT    NOT NULL DEFAULT '',
    status_at       BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    FOREIGN KEY (clinic_id, provider_id) REFERENCES provider (clinic_id, id),
    FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id)
) /* clustered */;
CREATE INDEX appointment_day ON appointment (clinic_id, day, provider_id, starts_at);
CREATE INDEX appointment_busy ON appointment (clinic_id, provider_id, day, status, claims_from, claims_to);
CREATE INDEX appointment_patient ON appointment (clinic_id, patient_id, starts_at);

CREATE TABLE claims (
    clinic_id      BYTEA  NOT NULL,
    resource_id    BYTEA  NOT NULL,
    grain          BIGINT NOT NULL,
    lane           BIGINT NOT NULL,
    appointment_id BYTEA  NOT NULL,
    held_until     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, resource_id, grain, lane)
) /* clustered */;
CREATE INDEX claims_appointment ON claims (clinic_id, appointment_id);

CREATE TABLE booking_log (
    clinic_id      BYTEA  NOT NULL,
    appointment_id BYTEA  NOT NULL,
    id             BYTEA  NOT NULL,
    at             BIGINT NOT NULL,
    action         TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    actor_id       BYTEA,
    starts_at      BIGINT NOT NULL,
    provider_id    BYTEA  NOT NULL,
    status         TEXT   NOT NULL,
    PRIMARY KEY (clinic_id, appointment_id, id)
) /* clustered */;
CREATE INDEX booking_log_age ON booking_log (clinic_id, at);

CREATE TABLE patient_link (
    clinic_id      BYTEA  NOT NULL,
    token_hash     BYTEA  NOT NULL,
    patient_id     BYTEA  NOT NULL,
    appointment_id BYTEA  NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, token_hash),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE INDEX patient_link_appointment ON patient_link (clinic_id, appointment_id);
CREATE INDEX patient_link_patient ON patient_link (clinic_id, patient_id);

CREATE TABLE idempotency (
    clinic_id    BYTEA  NOT NULL,
    key_hash     BYTEA  NOT NULL,
    request_hash BYTEA  NOT NULL,
    answer       BYTEA,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, key_hash)
) /* clustered */;
CREATE INDEX idempotency_age ON idempotency (clinic_id, created_at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE patient_link;
DROP TABLE booking_log;
DROP TABLE claims;
DROP TABLE appointment;
