-- The index of days holds all that "who is taken when" asks: where many clinics share a server, PostgreSQL expects
-- one row of a clinic's days and goes by this index; without these columns it then looks up each of the thousands there are.

-- +goose Up
CREATE INDEX appointment_day_whole ON appointment (clinic_id, day, provider_id, starts_at) INCLUDE (status, claims_from, claims_to);
DROP INDEX appointment_day;
ALTER INDEX appointment_day_whole RENAME TO appointment_day;

-- +goose Down
CREATE INDEX appointment_day_bare ON appointment (clinic_id, day, provider_id, starts_at);
DROP INDEX appointment_day;
ALTER INDEX appointment_day_bare RENAME TO appointment_day;
