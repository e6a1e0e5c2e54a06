-- A closed incident stays closed, and a clock that runs is not set back.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER incident_stays BEFORE UPDATE ON incident
WHEN OLD.state = 'closed' AND (NEW.state <> 'closed' OR NEW.aware_at <> OLD.aware_at OR NEW.notifiable <> OLD.notifiable OR NEW.closed_at <> OLD.closed_at)
    OR OLD.aware_at > 0 AND NEW.aware_at <> OLD.aware_at
BEGIN SELECT RAISE(ABORT, 'a closed incident stays closed, and a clock that runs is not set back'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER incident_stays;
