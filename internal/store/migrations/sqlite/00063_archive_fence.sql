-- The rules of these tables are in the common part.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
