-- That a request was written down as another kind at first, and when that was changed: she is told, and the page says so (decision 71).

-- +goose Up
ALTER TABLE data_request ADD COLUMN was_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE data_request ADD COLUMN kind_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE data_request DROP COLUMN kind_at;
ALTER TABLE data_request DROP COLUMN was_kind;
