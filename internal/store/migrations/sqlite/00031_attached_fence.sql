-- SQLite has no row-level security; the doorway binds the clinic.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
