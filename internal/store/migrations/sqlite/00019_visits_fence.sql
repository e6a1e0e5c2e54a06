-- SQLite has no row-level security; the doorway binds the clinic. The tables take no row while the clinic keeps no clinical records
-- (promises A18, D6), and a signed visit stays as it was signed (promise D4).

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER encounter_module BEFORE INSERT ON encounter
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER encounter_aside_module BEFORE INSERT ON encounter_aside
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER amendment_module BEFORE INSERT ON amendment
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER health_module BEFORE INSERT ON health
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER file_module BEFORE INSERT ON file
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER file_piece_module BEFORE INSERT ON file_piece
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER visit_template_module BEFORE INSERT ON visit_template
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER code_list_module BEFORE INSERT ON code_list
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,clinical,%')
BEGIN SELECT RAISE(ABORT, 'the module clinical is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER encounter_signed BEFORE UPDATE OF id, patient_id, appointment_id, provider_id, starts_at, note, vitals, measured, signed_at, signed_by, signer ON encounter WHEN OLD.signed_at > 0
BEGIN SELECT RAISE(ABORT, 'what was signed is not changed; write an amendment'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER amendment_signed BEFORE UPDATE ON amendment
BEGIN SELECT RAISE(ABORT, 'what was signed is not changed; write an amendment'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER amendment_signed;
DROP TRIGGER encounter_signed;
DROP TRIGGER code_list_module;
DROP TRIGGER visit_template_module;
DROP TRIGGER file_piece_module;
DROP TRIGGER file_module;
DROP TRIGGER health_module;
DROP TRIGGER amendment_module;
DROP TRIGGER encounter_aside_module;
DROP TRIGGER encounter_module;
