-- Invoices and money: what a visit costs, what was paid, what was given back. Amounts are whole minor units of the row's currency.
-- An issued invoice never changes, a payment is booked once (unique source and external id), and every row of the ledger moves one
-- amount from one account to another, so that the books balance by construction. Triggers beside the fences keep it so.

-- +goose Up
CREATE TABLE billing_setting (
    clinic_id      BYTEA   NOT NULL,
    scheme         TEXT    NOT NULL DEFAULT 'none',
    tax_id         TEXT    NOT NULL DEFAULT '',
    place          TEXT    NOT NULL DEFAULT '',
    prefix         TEXT    NOT NULL DEFAULT 'INV',
    credit_prefix  TEXT    NOT NULL DEFAULT 'CN',
    inclusive      BOOLEAN NOT NULL DEFAULT FALSE,
    round_to       BIGINT  NOT NULL DEFAULT 1 CHECK (round_to > 0),
    own_tax        TEXT    NOT NULL DEFAULT '',
    own_rate       BIGINT  NOT NULL DEFAULT 0 CHECK (own_rate >= 0 AND own_rate <= 1000000),
    upi_id         TEXT    NOT NULL DEFAULT '',
    upi_name       TEXT    NOT NULL DEFAULT '',
    footer         TEXT    NOT NULL DEFAULT '',
    changed_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id)
) /* clustered */;

CREATE TABLE billing_service (
    clinic_id  BYTEA  NOT NULL,
    service_id BYTEA  NOT NULL,
    class      TEXT   NOT NULL,
    code       TEXT   NOT NULL DEFAULT '',
    free_days  BIGINT NOT NULL DEFAULT 0 CHECK (free_days >= 0 AND free_days <= 365),
    changed_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, service_id),
    FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id)
) /* clustered */;

CREATE TABLE invoice_series (
    clinic_id BYTEA  NOT NULL,
    kind      TEXT   NOT NULL,
    year      TEXT   NOT NULL,
    last      BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, kind, year)
) /* clustered */;

-- No reference to the patient or the appointment: tax law keeps an invoice longer than an erased person stays.
CREATE TABLE invoice (
    clinic_id      BYTEA   NOT NULL,
    id             BYTEA   NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('invoice', 'credit-note')),
    patient_id     BYTEA   NOT NULL,
    appointment_id BYTEA,
    corrects_id    BYTEA,
    year           TEXT    NOT NULL DEFAULT '',
    number         BIGINT  NOT NULL DEFAULT 0 CHECK (number >= 0),
    label          TEXT    NOT NULL DEFAULT '',
    day            TEXT    NOT NULL,
    issued_at      BIGINT  NOT NULL DEFAULT 0,
    issued_by      BYTEA,
    keep_until     TEXT    NOT NULL DEFAULT '',
    currency       TEXT    NOT NULL,
    scheme         TEXT    NOT NULL DEFAULT 'none',
    tax_id         TEXT    NOT NULL DEFAULT '',
    place          TEXT    NOT NULL DEFAULT '',
    inclusive      BOOLEAN NOT NULL DEFAULT FALSE,
    discount       BIGINT  NOT NULL DEFAULT 0 CHECK (discount >= 0),
    net            BIGINT  NOT NULL DEFAULT 0 CHECK (net >= 0),
    tax            BIGINT  NOT NULL DEFAULT 0 CHECK (tax >= 0),
    rounding       BIGINT  NOT NULL DEFAULT 0,
    total          BIGINT  NOT NULL DEFAULT 0 CHECK (total >= 0),
    particulars    BYTEA,
    note           BYTEA,
    created_at     BIGINT  NOT NULL,
    created_by     BYTEA,
    state          TEXT    NOT NULL DEFAULT 'draft',
    paid           BIGINT  NOT NULL DEFAULT 0 CHECK (paid >= 0),
    credited       BIGINT  NOT NULL DEFAULT 0 CHECK (credited >= 0),
    version        BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    CHECK (net + tax + rounding = total),
    CHECK (credited <= total),
    CHECK (issued_at = 0 OR number > 0)
) /* clustered */;
CREATE UNIQUE INDEX invoice_number ON invoice (clinic_id, kind, year, number) WHERE number > 0;
CREATE INDEX invoice_label ON invoice (clinic_id, label);
CREATE INDEX invoice_state ON invoice (clinic_id, state, day);
CREATE INDEX invoice_day ON invoice (clinic_id, day);
CREATE INDEX invoice_patient ON invoice (clinic_id, patient_id, day);
CREATE INDEX invoice_appointment ON invoice (clinic_id, appointment_id);
CREATE INDEX invoice_corrects ON invoice (clinic_id, corrects_id);
CREATE INDEX invoice_keep ON invoice (clinic_id, keep_until);

CREATE TABLE invoice_line (
    clinic_id  BYTEA  NOT NULL,
    invoice_id BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    position   BIGINT NOT NULL,
    service_id BYTEA,
    words      BYTEA,
    code       TEXT   NOT NULL DEFAULT '',
    class      TEXT   NOT NULL,
    rate       BIGINT NOT NULL CHECK (rate >= 0 AND rate <= 1000000),
    quantity   BIGINT NOT NULL CHECK (quantity > 0),
    price      BIGINT NOT NULL CHECK (price >= 0),
    discount   BIGINT NOT NULL DEFAULT 0 CHECK (discount >= 0),
    net        BIGINT NOT NULL CHECK (net >= 0),
    tax        BIGINT NOT NULL CHECK (tax >= 0),
    free_of    BYTEA,
    PRIMARY KEY (clinic_id, invoice_id, id),
    FOREIGN KEY (clinic_id, invoice_id) REFERENCES invoice (clinic_id, id)
) /* clustered */;

CREATE TABLE invoice_tax (
    clinic_id  BYTEA  NOT NULL,
    invoice_id BYTEA  NOT NULL,
    tax        TEXT   NOT NULL,
    rate       BIGINT NOT NULL CHECK (rate >= 0),
    base       BIGINT NOT NULL CHECK (base >= 0),
    amount     BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (clinic_id, invoice_id, tax, rate),
    FOREIGN KEY (clinic_id, invoice_id) REFERENCES invoice (clinic_id, id)
) /* clustered */;

CREATE TABLE payment (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    source      TEXT   NOT NULL,
    external_id TEXT   NOT NULL,
    method      TEXT   NOT NULL CHECK (method IN ('cash', 'card', 'upi', 'bank', 'online')),
    amount      BIGINT NOT NULL CHECK (amount > 0),
    currency    TEXT   NOT NULL,
    reference   TEXT   NOT NULL DEFAULT '',
    patient_id  BYTEA,
    invoice_id  BYTEA,
    received_at BIGINT NOT NULL,
    booked_at   BIGINT NOT NULL,
    day         TEXT   NOT NULL,
    taken_by    BYTEA,
    applied     BIGINT NOT NULL DEFAULT 0 CHECK (applied >= 0),
    advance     BIGINT NOT NULL DEFAULT 0 CHECK (advance >= 0),
    undecided   BIGINT NOT NULL DEFAULT 0 CHECK (undecided >= 0),
    refunded    BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    version     BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    CHECK (applied + advance + undecided + refunded = amount)
) /* clustered */;
CREATE UNIQUE INDEX payment_once ON payment (clinic_id, source, external_id);
CREATE INDEX payment_day ON payment (clinic_id, day);
CREATE INDEX payment_patient ON payment (clinic_id, patient_id, day);
CREATE INDEX payment_invoice ON payment (clinic_id, invoice_id);
CREATE INDEX payment_open ON payment (clinic_id, undecided, advance);

CREATE TABLE refund (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    payment_id  BYTEA  NOT NULL,
    source      TEXT   NOT NULL,
    external_id TEXT   NOT NULL,
    method      TEXT   NOT NULL CHECK (method IN ('cash', 'card', 'upi', 'bank', 'online')),
    amount      BIGINT NOT NULL CHECK (amount > 0),
    currency    TEXT   NOT NULL,
    reason      BYTEA,
    returned_at BIGINT NOT NULL,
    booked_at   BIGINT NOT NULL,
    day         TEXT   NOT NULL,
    given_by    BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, payment_id) REFERENCES payment (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX refund_once ON refund (clinic_id, source, external_id);
CREATE INDEX refund_payment ON refund (clinic_id, payment_id);
CREATE INDEX refund_day ON refund (clinic_id, day);

-- One row moves one amount from the account that is credited to the one that is debited.
CREATE TABLE ledger_entry (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    day        TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    debit      TEXT   NOT NULL,
    credit     TEXT   NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    currency   TEXT   NOT NULL,
    invoice_id BYTEA,
    payment_id BYTEA,
    refund_id  BYTEA,
    PRIMARY KEY (clinic_id, id),
    CHECK (debit <> credit)
) /* clustered */;
CREATE INDEX ledger_entry_day ON ledger_entry (clinic_id, day);
CREATE INDEX ledger_entry_invoice ON ledger_entry (clinic_id, invoice_id);
CREATE INDEX ledger_entry_payment ON ledger_entry (clinic_id, payment_id);

CREATE TABLE day_close (
    clinic_id BYTEA  NOT NULL,
    day       TEXT   NOT NULL,
    method    TEXT   NOT NULL,
    currency  TEXT   NOT NULL,
    expected  BIGINT NOT NULL,
    counted   BIGINT NOT NULL,
    note      BYTEA,
    closed_at BIGINT NOT NULL,
    closed_by BYTEA,
    PRIMARY KEY (clinic_id, day, method, currency)
) /* clustered */;

-- What tax law keeps of an erased person's invoices: which, why, until when, and who was billed where that law asks for a name.
CREATE TABLE invoice_hold (
    clinic_id   BYTEA  NOT NULL,
    invoice_id  BYTEA  NOT NULL,
    reason      TEXT   NOT NULL,
    until_day   TEXT   NOT NULL,
    particulars BYTEA,
    held_at     BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, invoice_id)
) /* clustered */;
CREATE INDEX invoice_hold_until ON invoice_hold (clinic_id, until_day);

-- The place of an invoice in its series after its time was over.
CREATE TABLE invoice_gone (
    clinic_id  BYTEA  NOT NULL,
    invoice_id BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    year       TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    gone_at    BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, invoice_id)
) /* clustered */;
CREATE UNIQUE INDEX invoice_gone_number ON invoice_gone (clinic_id, kind, year, number);

-- +goose Down
DROP TABLE invoice_gone;
DROP TABLE invoice_hold;
DROP TABLE day_close;
DROP TABLE ledger_entry;
DROP TABLE refund;
DROP TABLE payment;
DROP TABLE invoice_tax;
DROP TABLE invoice_line;
DROP TABLE invoice;
DROP TABLE invoice_series;
DROP TABLE billing_service;
DROP TABLE billing_setting;
