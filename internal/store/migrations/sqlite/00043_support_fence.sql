-- A grant never gets longer or wider once it was decided.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER support_grant_stays BEFORE UPDATE ON support_grant
WHEN NEW.helper_id <> OLD.helper_id OR NEW.minutes <> OLD.minutes OR NEW.emergency <> OLD.emergency OR NEW.scopes <> OLD.scopes
    OR (OLD.decided_at > 0 AND (NEW.decided_at <> OLD.decided_at OR NEW.ends_at <> OLD.ends_at OR (NEW.patient_id IS NOT NULL AND NEW.patient_id IS NOT OLD.patient_id)))
    OR (OLD.state IN ('refused', 'withdrawn', 'ended') AND NEW.state <> OLD.state)
BEGIN SELECT RAISE(ABORT, 'a grant is never made longer or wider'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER support_grant_stays;
