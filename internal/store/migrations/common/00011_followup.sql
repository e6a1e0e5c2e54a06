-- What a clinic writes after a visit: the rules of it, when each falls due, and what patients said of their visits.
-- The primary key of followup_due and the unique index of message keep any of it from going out twice.

-- +goose Up
ALTER TABLE reminder_rule ADD COLUMN days_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reminder_rule ADD COLUMN at_minute BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reminder_rule ADD COLUMN service_id BYTEA;
ALTER TABLE reminder_rule ADD COLUMN buffer_days BIGINT NOT NULL DEFAULT 0;

CREATE TABLE followup_due (
    clinic_id      BYTEA  NOT NULL,
    appointment_id BYTEA  NOT NULL,
    occurrence     BIGINT NOT NULL,
    rule_id        BYTEA  NOT NULL,
    due_at         BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, appointment_id, occurrence, rule_id)
) /* clustered */;
CREATE INDEX followup_due_at ON followup_due (clinic_id, due_at);
CREATE INDEX followup_due_rule ON followup_due (clinic_id, rule_id, due_at);

CREATE TABLE feedback (
    clinic_id      BYTEA  NOT NULL,
    id             BYTEA  NOT NULL,
    patient_id     BYTEA  NOT NULL,
    appointment_id BYTEA  NOT NULL,
    stars          BIGINT NOT NULL CHECK (stars >= 1 AND stars <= 5),
    words          BYTEA,
    given_at       BIGINT NOT NULL,
    followed_at    BIGINT NOT NULL DEFAULT 0,
    settled_at     BIGINT NOT NULL DEFAULT 0,
    settled_by     BYTEA,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
) /* clustered */;
CREATE UNIQUE INDEX feedback_visit ON feedback (clinic_id, appointment_id);
CREATE INDEX feedback_patient ON feedback (clinic_id, patient_id, settled_at);
CREATE INDEX feedback_recent ON feedback (clinic_id, given_at);

CREATE TABLE review_link (
    clinic_id  BYTEA  NOT NULL,
    url        TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id)
) /* clustered */;

-- +goose Down
DROP TABLE review_link;
DROP TABLE feedback;
DROP TABLE followup_due;
ALTER TABLE reminder_rule DROP COLUMN buffer_days;
ALTER TABLE reminder_rule DROP COLUMN service_id;
ALTER TABLE reminder_rule DROP COLUMN at_minute;
ALTER TABLE reminder_rule DROP COLUMN days_after;
