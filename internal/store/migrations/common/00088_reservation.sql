-- Until when a name waits for a clinic that arrives from another house. The age of a reservation was told by the clinic's id; but a clinic that arrives brings its id along, which
-- is as old as the clinic, so its name was free to others at once. Zero: the id tells, as before.

-- +goose Up
ALTER TABLE clinic_route ADD COLUMN reserved_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE clinic_route DROP COLUMN reserved_until;
