-- How a request to a carrier ended stays so.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER ask_stays BEFORE UPDATE ON erasure_ask
WHEN OLD.state NOT IN ('due', 'letter') OR NEW.carrier <> OLD.carrier OR NEW.erasure_id <> OLD.erasure_id OR NEW.asked_at <> OLD.asked_at OR (OLD.state = 'letter' AND NEW.state = 'due')
BEGIN SELECT RAISE(ABORT, 'how a request to a carrier ended stays so'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER ask_stays;
