-- Which outside parties may get something of a clinic's. A clinic that was there before goes on as before.

-- +goose Up
ALTER TABLE clinic ADD COLUMN outside TEXT NOT NULL DEFAULT 'anyone' CHECK (outside IN ('nobody', 'region', 'anyone'));

-- +goose Down
ALTER TABLE clinic DROP COLUMN outside;
