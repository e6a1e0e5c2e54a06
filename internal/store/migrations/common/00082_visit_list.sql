-- Lists of appointments from another program: what a list is of, whether the clinic's rules remind of what it brings in, and whose line is whose, so that it goes with
-- her (decision 66).

-- +goose Up
ALTER TABLE list_import ADD COLUMN kind TEXT NOT NULL DEFAULT 'patients';
ALTER TABLE list_import ADD COLUMN remind BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE list_line ADD COLUMN patient_id BYTEA;
CREATE INDEX list_line_of ON list_line (clinic_id, patient_id);

-- +goose Down
DROP INDEX list_line_of;
ALTER TABLE list_line DROP COLUMN patient_id;
ALTER TABLE list_import DROP COLUMN remind;
ALTER TABLE list_import DROP COLUMN kind;
