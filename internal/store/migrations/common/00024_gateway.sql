-- Payments by a gateway: the clinic's own accounts, the payments that were asked for, what the gateway says of them, and what a person has to look at. Ids, amounts,
-- currencies, states and moments: there is no column for a card, a name, a number or an address.

-- +goose Up
CREATE TABLE gateway_account (
    clinic_id   BYTEA   NOT NULL,
    id          BYTEA   NOT NULL,
    provider    TEXT    NOT NULL,
    last4       TEXT    NOT NULL,
    trial       BOOLEAN NOT NULL,
    credentials BYTEA,
    state       TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'revoked')),
    reason      TEXT    NOT NULL DEFAULT '',
    agreed_by   BYTEA   NOT NULL,
    agreed_text BIGINT  NOT NULL,
    tested_at   BIGINT  NOT NULL DEFAULT 0,
    state_at    BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    heard_at    BIGINT  NOT NULL DEFAULT 0,
    checked_at  BIGINT  NOT NULL DEFAULT 0,
    checked     BIGINT  NOT NULL DEFAULT 0,
    version     BIGINT  NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX gateway_account_one ON gateway_account (clinic_id, provider) WHERE state <> 'revoked';

-- One payment that somebody is asked for. At most one of an invoice can be open.
CREATE TABLE payment_request (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    account_id BYTEA  NOT NULL,
    invoice_id BYTEA  NOT NULL,
    patient_id BYTEA,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    currency   TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('asking', 'open', 'closing', 'partly', 'paid', 'closed')),
    page_id    TEXT   NOT NULL DEFAULT '',
    order_id   TEXT   NOT NULL DEFAULT '',
    url        BYTEA,
    expires_at BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    state_at   BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, account_id) REFERENCES gateway_account (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX payment_request_one ON payment_request (clinic_id, invoice_id) WHERE state IN ('asking', 'open');
CREATE INDEX payment_request_invoice ON payment_request (clinic_id, invoice_id, asked_at);
CREATE INDEX payment_request_page ON payment_request (clinic_id, account_id, page_id);
CREATE INDEX payment_request_order ON payment_request (clinic_id, account_id, order_id);
CREATE INDEX payment_request_patient ON payment_request (clinic_id, patient_id);
CREATE INDEX payment_request_asked ON payment_request (clinic_id, asked_at);

-- What a gateway says of one payment. A state never goes back.
CREATE TABLE gateway_payment (
    clinic_id   BYTEA  NOT NULL,
    account_id  BYTEA  NOT NULL,
    external_id TEXT   NOT NULL,
    request_id  BYTEA  NOT NULL,
    amount      BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    method      TEXT   NOT NULL DEFAULT '',
    code        TEXT   NOT NULL DEFAULT '',
    paid_at     BIGINT NOT NULL,
    heard_at    BIGINT NOT NULL,
    payment_id  BYTEA,
    PRIMARY KEY (clinic_id, account_id, external_id),
    FOREIGN KEY (clinic_id, request_id) REFERENCES payment_request (clinic_id, id)
) /* clustered */;
CREATE INDEX gateway_payment_request ON gateway_payment (clinic_id, request_id);
CREATE INDEX gateway_payment_paid ON gateway_payment (clinic_id, account_id, paid_at);
CREATE INDEX gateway_payment_booked ON gateway_payment (clinic_id, payment_id);

-- Money that is given back by a gateway: asked for here (then the row is there before the gateway is called), or in the gateway's own console.
CREATE TABLE gateway_return (
    clinic_id   BYTEA  NOT NULL,
    id          BYTEA  NOT NULL,
    account_id  BYTEA  NOT NULL,
    payment     TEXT   NOT NULL,
    external_id TEXT   NOT NULL DEFAULT '',
    invoice_id  BYTEA,
    amount      BIGINT NOT NULL CHECK (amount > 0),
    currency    TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('asked', 'pending', 'processed', 'failed', 'refused')),
    code        TEXT   NOT NULL DEFAULT '',
    reason      BYTEA,
    patient_id  BYTEA,
    asked_by    BYTEA,
    asked_at    BIGINT NOT NULL,
    state_at    BIGINT NOT NULL,
    refund_id   BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, account_id) REFERENCES gateway_account (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX gateway_return_external ON gateway_return (clinic_id, account_id, external_id) WHERE external_id <> '';
CREATE INDEX gateway_return_payment ON gateway_return (clinic_id, account_id, payment);
CREATE INDEX gateway_return_patient ON gateway_return (clinic_id, patient_id);
CREATE INDEX gateway_return_asked ON gateway_return (clinic_id, account_id, asked_at);

-- Reports that were verified, as read: ids, amounts, states. A key comes once.
CREATE TABLE gateway_event (
    clinic_id  BYTEA   NOT NULL,
    account_id BYTEA   NOT NULL,
    key        TEXT    NOT NULL,
    id         BYTEA   NOT NULL,
    kind       TEXT    NOT NULL,
    known      BOOLEAN NOT NULL,
    news       TEXT    NOT NULL,
    heard_at   BIGINT  NOT NULL,
    done_at    BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, account_id, key)
) /* clustered */;
CREATE UNIQUE INDEX gateway_event_id ON gateway_event (clinic_id, id);
CREATE INDEX gateway_event_heard ON gateway_event (clinic_id, heard_at);

-- Calls that are due. Whoever does one moves its moment first, so that a crash leaves it due again.
CREATE TABLE gateway_work (
    clinic_id BYTEA  NOT NULL,
    kind      TEXT   NOT NULL,
    subject   BYTEA  NOT NULL,
    due_at    BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic_id, kind, subject)
) /* clustered */;
CREATE INDEX gateway_work_due ON gateway_work (clinic_id, due_at);

-- Where the gateway's books and ours differ, or a report could not be booked, until a person settled it.
CREATE TABLE gateway_difference (
    clinic_id   BYTEA  NOT NULL,
    account_id  BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    external_id TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    ours        BIGINT NOT NULL,
    theirs      BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    request_id  BYTEA,
    found_at    BIGINT NOT NULL,
    settled_at  BIGINT NOT NULL DEFAULT 0,
    settled_by  BYTEA,
    PRIMARY KEY (clinic_id, account_id, kind, external_id)
) /* clustered */;
CREATE UNIQUE INDEX gateway_difference_id ON gateway_difference (clinic_id, id);
CREATE INDEX gateway_difference_open ON gateway_difference (clinic_id, settled_at, found_at);

-- Disputes and refused payments, kept against fraud, with a life of their own.
CREATE TABLE fraud_record (
    clinic_id   BYTEA  NOT NULL,
    account_id  BYTEA  NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('dispute', 'refused')),
    external_id TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    payment     TEXT   NOT NULL,
    amount      BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    reason      TEXT   NOT NULL DEFAULT '',
    respond_by  BIGINT NOT NULL DEFAULT 0,
    at          BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    forget_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, account_id, kind, external_id)
) /* clustered */;
CREATE INDEX fraud_record_forget ON fraud_record (clinic_id, forget_at);
CREATE INDEX fraud_record_kind ON fraud_record (clinic_id, kind, changed_at);

-- +goose Down
DROP TABLE fraud_record;
DROP TABLE gateway_difference;
DROP TABLE gateway_work;
DROP TABLE gateway_event;
DROP TABLE gateway_return;
DROP TABLE gateway_payment;
DROP TABLE payment_request;
DROP TABLE gateway_account;
