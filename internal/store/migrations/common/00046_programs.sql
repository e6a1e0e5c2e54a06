-- The clinic's own programs: the tokens that let them in, the addresses that are told what happened, and what became of each telling (decision 48).

-- +goose Up
CREATE TABLE api_token (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    person_id  BYTEA  NOT NULL,
    name       BYTEA  NOT NULL,
    token_hash BYTEA  NOT NULL,
    hint       TEXT   NOT NULL,
    scopes     BIGINT NOT NULL CHECK (scopes > 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_on    TEXT   NOT NULL DEFAULT '',
    used_from  TEXT   NOT NULL DEFAULT '',
    ended_at   BIGINT NOT NULL DEFAULT 0,
    ended_by   BYTEA,
    told_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    CHECK (expires_at > created_at AND expires_at <= created_at + 31622400000000)
) /* clustered */;
CREATE UNIQUE INDEX api_token_hash ON api_token (clinic_id, token_hash);

CREATE TABLE webhook_endpoint (
    clinic_id     BYTEA  NOT NULL,
    id            BYTEA  NOT NULL,
    url           BYTEA  NOT NULL,
    host          TEXT   NOT NULL,
    events        BIGINT NOT NULL CHECK (events > 0),
    secret        BYTEA  NOT NULL,
    old_secret    BYTEA,
    old_until     BIGINT NOT NULL DEFAULT 0,
    state         TEXT   NOT NULL CHECK (state IN ('on', 'off')),
    reason        TEXT   NOT NULL DEFAULT '',
    state_at      BIGINT NOT NULL,
    failing_since BIGINT NOT NULL DEFAULT 0,
    told_at       BIGINT NOT NULL DEFAULT 0,
    busy_until    BIGINT NOT NULL DEFAULT 0,
    created_by    BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;

CREATE TABLE webhook_delivery (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    endpoint_id BYTEA  NOT NULL,
    event_id    BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    subject_id  BYTEA  NOT NULL,
    patient_id  BYTEA,
    happened_at BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('planned', 'delivered', 'failed', 'uncertain', 'missed')),
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    answer      BIGINT NOT NULL DEFAULT 0,
    reason      TEXT   NOT NULL DEFAULT '',
    tried_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, endpoint_id) REFERENCES webhook_endpoint (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX webhook_delivery_once ON webhook_delivery (clinic_id, endpoint_id, event_id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (clinic_id, state, due_at);
CREATE INDEX webhook_delivery_recent ON webhook_delivery (clinic_id, endpoint_id, happened_at);
CREATE INDEX webhook_delivery_of ON webhook_delivery (clinic_id, patient_id);

-- +goose Down
DROP TABLE webhook_delivery;
DROP TABLE webhook_endpoint;
DROP TABLE api_token;
