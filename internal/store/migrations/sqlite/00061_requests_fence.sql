-- An answer that was given stays given, and a clock that runs is not set back.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER request_stays BEFORE UPDATE ON data_request
WHEN OLD.state IN ('answered', 'withdrawn') AND (NEW.state <> OLD.state OR NEW.outcome <> OLD.outcome OR NEW.ground <> OLD.ground OR NEW.decided_at <> OLD.decided_at)
    OR NEW.came_at <> OLD.came_at
BEGIN SELECT RAISE(ABORT, 'an answer that was given stays given, and a clock that runs is not set back'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER request_stays;
