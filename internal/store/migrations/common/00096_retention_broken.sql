-- Which rooms failed in a run of the night, by the names of their keepers, divided by spaces; empty where none did. It is nobody's data.

-- +goose Up
ALTER TABLE retention_run ADD COLUMN broken TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE retention_run DROP COLUMN broken;
