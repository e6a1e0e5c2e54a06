-- What was promised is never changed or removed; a change that weakens waits thirty days where there is anybody whom it could touch; and California's
-- clinics sign the Business Associate Agreement like those of the other states.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER policy_text_no_update BEFORE UPDATE ON policy_text
BEGIN SELECT RAISE(ABORT, 'what a policy said is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_no_update BEFORE UPDATE ON policy_version
BEGIN SELECT RAISE(ABORT, 'a version of the policy is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_answer_no_update BEFORE UPDATE ON policy_answer
BEGIN SELECT RAISE(ABORT, 'what a patient answered is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER confidentiality_text_no_update BEFORE UPDATE ON confidentiality_text
BEGIN SELECT RAISE(ABORT, 'a signed text is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_text_no_delete BEFORE DELETE ON policy_text
BEGIN SELECT RAISE(ABORT, 'what a policy said is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version
BEGIN SELECT RAISE(ABORT, 'a version of the policy is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER confidentiality_text_no_delete BEFORE DELETE ON confidentiality_text
BEGIN SELECT RAISE(ABORT, 'a signed text is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_gate BEFORE INSERT ON policy_version
WHEN NEW.gate = 'nobody' AND EXISTS (SELECT 1 FROM patient WHERE clinic_id = NEW.clinic_id)
BEGIN SELECT RAISE(ABORT, 'whoever is a patient is asked first'); END;
-- +goose StatementEnd
DROP TRIGGER patient_agreement;
-- +goose StatementBegin
CREATE TRIGGER patient_agreement BEFORE INSERT ON patient
WHEN EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND (jurisdiction = 'US' OR jurisdiction LIKE 'US-%') AND baa = '')
BEGIN SELECT RAISE(ABORT, 'the agreement comes before the first patient'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER patient_agreement;
-- +goose StatementBegin
CREATE TRIGGER patient_agreement BEFORE INSERT ON patient
WHEN EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND jurisdiction = 'US' AND baa = '')
BEGIN SELECT RAISE(ABORT, 'the agreement comes before the first patient'); END;
-- +goose StatementEnd
DROP TRIGGER policy_version_gate;
DROP TRIGGER confidentiality_text_no_delete;
DROP TRIGGER policy_version_no_delete;
DROP TRIGGER policy_text_no_delete;
DROP TRIGGER confidentiality_text_no_update;
DROP TRIGGER policy_answer_no_update;
DROP TRIGGER policy_version_no_update;
DROP TRIGGER policy_text_no_update;
