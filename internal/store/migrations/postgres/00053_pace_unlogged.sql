-- The limits of a few seconds need no log: a message waits for no disk because of them, and no backup holds them.

-- +goose Up
ALTER TABLE pace SET UNLOGGED;

-- +goose Down
ALTER TABLE pace SET LOGGED;
