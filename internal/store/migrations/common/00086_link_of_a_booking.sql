-- A link that the booking page handed out opens its appointment alone: who holds it is not known (promise own-link, decision 68). Links that were made before are such, too, until the next message brings a wide one.

-- +goose Up
ALTER TABLE patient_link ADD COLUMN wide BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE patient_link ADD COLUMN shown BYTEA;

-- +goose Down
ALTER TABLE patient_link DROP COLUMN shown;
ALTER TABLE patient_link DROP COLUMN wide;
