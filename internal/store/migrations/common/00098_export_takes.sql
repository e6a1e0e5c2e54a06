-- How often the making of an archive was begun: whoever makes it names the time that is its own, and gives up when another has begun since, or somebody in it was erased.

-- +goose Up
ALTER TABLE export_run ADD COLUMN takes BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE export_run DROP COLUMN takes;
