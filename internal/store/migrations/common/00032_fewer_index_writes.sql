-- Every index is a page more that each write changes. Those that no statement reads are gone; those of messages hold
-- only the rows that are looked for, so that a message which is simply sent passes through two of them once each.

-- +goose Up
DROP INDEX audit_detail_owner;
DROP INDEX message_event_age;
DROP INDEX patient_link_appointment;
DROP INDEX message_due;
DROP INDEX message_provider;
CREATE INDEX message_due ON message (clinic_id, send_at) WHERE state = 'planned';
CREATE INDEX message_flight ON message (clinic_id) WHERE state IN ('sending', 'handing-over');
CREATE INDEX message_ended ON message (clinic_id, state, created_at, send_at) WHERE state IN ('uncertain', 'given-up', 'refused', 'dropped', 'cancelled');
CREATE INDEX message_provider ON message (clinic_id, provider_id) WHERE provider_id <> '';

-- +goose Down
DROP INDEX message_provider;
DROP INDEX message_ended;
DROP INDEX message_flight;
DROP INDEX message_due;
CREATE INDEX message_provider ON message (clinic_id, provider_id);
CREATE INDEX message_due ON message (clinic_id, state, send_at);
CREATE INDEX patient_link_appointment ON patient_link (clinic_id, appointment_id);
CREATE INDEX message_event_age ON message_event (clinic_id, at);
CREATE INDEX audit_detail_owner ON audit_detail (clinic_id, owner_id);
