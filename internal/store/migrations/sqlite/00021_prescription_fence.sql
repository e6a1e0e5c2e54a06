-- A signed sheet is never changed (promise E1), and no table of prescriptions takes a row while the clinic has them off (promises A18, D6).
-- Deleting stays possible: whoever is erased is erased with her sheets.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER prescription_signed BEFORE UPDATE OF id, patient_id, encounter_id, provider_id, author_id, replaces, language, remote, body, sheet, signed_as, code_hash, checked, created_at, saved_at, signed_at, signed_by ON prescription
WHEN OLD.signed_at > 0
BEGIN SELECT RAISE(ABORT, 'a signed prescription is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_end_signed BEFORE UPDATE ON prescription_end
BEGIN SELECT RAISE(ABORT, 'a signed prescription is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_module BEFORE INSERT ON prescription
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_end_module BEFORE INSERT ON prescription_end
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_share_module BEFORE INSERT ON prescription_share
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_link_module BEFORE INSERT ON prescription_link
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_set_module BEFORE INSERT ON prescription_set
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER drug_list_module BEFORE INSERT ON drug_list
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER drug_alias_module BEFORE INSERT ON drug_alias
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER prescription_setting_module BEFORE INSERT ON prescription_setting
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,prescriptions,%')
BEGIN SELECT RAISE(ABORT, 'the module prescriptions is off'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER prescription_setting_module;
DROP TRIGGER drug_alias_module;
DROP TRIGGER drug_list_module;
DROP TRIGGER prescription_set_module;
DROP TRIGGER prescription_link_module;
DROP TRIGGER prescription_share_module;
DROP TRIGGER prescription_end_module;
DROP TRIGGER prescription_module;
DROP TRIGGER prescription_end_signed;
DROP TRIGGER prescription_signed;
