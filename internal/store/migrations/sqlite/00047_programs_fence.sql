-- A token never becomes longer, wider or alive again.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER api_token_stays BEFORE UPDATE ON api_token
WHEN NEW.person_id <> OLD.person_id OR NEW.token_hash <> OLD.token_hash OR NEW.scopes <> OLD.scopes OR NEW.created_at <> OLD.created_at OR NEW.expires_at <> OLD.expires_at
    OR (OLD.ended_at > 0 AND NEW.ended_at <> OLD.ended_at)
BEGIN SELECT RAISE(ABORT, 'a token is never made longer, wider or alive again'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER api_token_stays;
