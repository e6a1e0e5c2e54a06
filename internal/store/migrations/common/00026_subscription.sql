-- What clinics pay for the platform. These are the books of whoever runs the installation, not a clinic's: they belong to no clinic, and
-- what a clinic may see of them is asked for by its id (decision 36).

-- +goose Up
CREATE TABLE standing (
    clinic_id    BYTEA  NOT NULL PRIMARY KEY,
    writes_until BIGINT NOT NULL
) /* clustered */;

CREATE TABLE subscription (
    clinic_id   BYTEA  NOT NULL PRIMARY KEY,
    plan        TEXT   NOT NULL DEFAULT '',
    term        TEXT   NOT NULL DEFAULT '',
    trial_until BIGINT NOT NULL,
    paid_until  BIGINT NOT NULL DEFAULT 0,
    told        BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL DEFAULT 1
) /* clustered */;

CREATE TABLE subscription_payment (
    id         BYTEA  NOT NULL PRIMARY KEY,
    clinic_id  BYTEA  NOT NULL,
    plan       TEXT   NOT NULL,
    term       TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    page       TEXT   NOT NULL DEFAULT '',
    url        TEXT   NOT NULL DEFAULT '',
    state      TEXT   NOT NULL,
    code       TEXT   NOT NULL DEFAULT '',
    made_at    BIGINT NOT NULL,
    settled_at BIGINT NOT NULL DEFAULT 0
) /* clustered */;
CREATE INDEX subscription_payment_clinic ON subscription_payment (clinic_id, made_at);
CREATE INDEX subscription_payment_open ON subscription_payment (state, made_at);

CREATE TABLE subscription_series (
    series TEXT   NOT NULL PRIMARY KEY,
    last   BIGINT NOT NULL
) /* clustered */;

CREATE TABLE subscription_invoice (
    series     TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    clinic_id  BYTEA  NOT NULL,
    payment_id BYTEA  NOT NULL UNIQUE REFERENCES subscription_payment (id),
    buyer      TEXT   NOT NULL,
    seller     TEXT   NOT NULL,
    plan       TEXT   NOT NULL,
    term       TEXT   NOT NULL,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    net        BIGINT NOT NULL,
    tax        BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    taxes      TEXT   NOT NULL,
    issued_at  BIGINT NOT NULL,
    PRIMARY KEY (series, number)
) /* clustered */;
CREATE INDEX subscription_invoice_clinic ON subscription_invoice (clinic_id, issued_at);

-- +goose Down
DROP TABLE subscription_invoice;
DROP TABLE subscription_series;
DROP TABLE subscription_payment;
DROP TABLE subscription;
DROP TABLE standing;
