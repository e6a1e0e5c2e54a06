-- What the answer to a request did: which uses of the data an objection stopped, and that a nomination is on record. The letter says no more than that (decision 71).

-- +goose Up
ALTER TABLE data_request ADD COLUMN did TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE data_request DROP COLUMN did;
