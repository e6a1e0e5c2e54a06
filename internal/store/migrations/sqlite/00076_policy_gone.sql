-- What a policy said is never removed, but with its clinic, once the clinic itself is on record as gone.

-- +goose Up
DROP TRIGGER policy_text_no_delete;
DROP TRIGGER policy_version_no_delete;
-- +goose StatementBegin
CREATE TRIGGER policy_text_no_delete BEFORE DELETE ON policy_text WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'what a policy said is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'a version of the policy is never removed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER policy_version_no_delete;
DROP TRIGGER policy_text_no_delete;
-- +goose StatementBegin
CREATE TRIGGER policy_text_no_delete BEFORE DELETE ON policy_text
BEGIN SELECT RAISE(ABORT, 'what a policy said is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version
BEGIN SELECT RAISE(ABORT, 'a version of the policy is never removed'); END;
-- +goose StatementEnd
