-- The day until which something is held of an erased person is never set later, and what has ended stays so.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER hold_stays BEFORE UPDATE ON erasure_hold
WHEN NEW.last_day <> OLD.last_day OR NEW.class <> OLD.class OR NEW.source <> OLD.source OR (OLD.ended_at > 0 AND NEW.ended_at <> OLD.ended_at)
BEGIN SELECT RAISE(ABORT, 'what a law holds of an erased person is held until the day that was said, and what has ended stays so'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER hold_stays;
