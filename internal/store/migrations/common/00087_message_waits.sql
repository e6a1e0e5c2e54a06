-- How often the provider of a message asked to come again later, or refused the account and not the message: those attempts are none of its five tries.

-- +goose Up
ALTER TABLE message ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE message DROP COLUMN waits;
