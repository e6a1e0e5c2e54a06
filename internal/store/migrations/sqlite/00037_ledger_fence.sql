-- A sign-off is never changed.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER oversight_review_no_update BEFORE UPDATE ON oversight_review
BEGIN SELECT RAISE(ABORT, 'a sign-off is never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER oversight_review_no_update;
