-- A signed text is never changed, and under US law no patient is entered before the Business Associate Agreement is signed.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER agreement_no_update BEFORE UPDATE ON agreement
BEGIN SELECT RAISE(ABORT, 'a signed agreement is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER agreement_text_no_update BEFORE UPDATE ON agreement_text
BEGIN SELECT RAISE(ABORT, 'a signed text is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER agreement_no_delete BEFORE DELETE ON agreement
BEGIN SELECT RAISE(ABORT, 'a signed agreement is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER agreement_text_no_delete BEFORE DELETE ON agreement_text
BEGIN SELECT RAISE(ABORT, 'a signed text is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER patient_agreement BEFORE INSERT ON patient
WHEN EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND jurisdiction = 'US' AND baa = '')
BEGIN SELECT RAISE(ABORT, 'the agreement comes before the first patient'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER patient_agreement;
DROP TRIGGER agreement_text_no_delete;
DROP TRIGGER agreement_no_delete;
DROP TRIGGER agreement_text_no_update;
DROP TRIGGER agreement_no_update;
