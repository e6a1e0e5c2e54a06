-- SQLite has no row-level security; the doorway binds the clinic. The tables take no row while the clinic keeps no clinical records
-- (promises A18, D6), and what was signed, and the text that it was given to, stay as they were (promise B9).

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER intake_form_module BEFORE INSERT ON intake_form
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER intake_text_module BEFORE INSERT ON intake_text
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER intake_answer_module BEFORE INSERT ON intake_answer
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER intake_answer_kept BEFORE UPDATE OF id, patient_id, appointment_id, form_id, hash, answers, signed_name, guardian_id, signed_at ON intake_answer WHEN OLD.signed_at > 0
BEGIN SELECT RAISE(ABORT, 'what was signed before a visit is not changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER intake_text_kept BEFORE UPDATE ON intake_text
BEGIN SELECT RAISE(ABORT, 'what was signed before a visit is not changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER intake_text_kept;
DROP TRIGGER intake_answer_kept;
DROP TRIGGER intake_answer_module;
DROP TRIGGER intake_text_module;
DROP TRIGGER intake_form_module;
