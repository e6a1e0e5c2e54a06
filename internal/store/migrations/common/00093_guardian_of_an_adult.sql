-- When the desk said that a guardian still speaks for somebody who has come of age (a lawful guardian of an adult). Empty where nobody said so: then a guardian
-- speaks for an adult when she was one already as the guardian was entered. Zero: the guardian came with a list, which does not say for whom.

-- +goose Up
ALTER TABLE guardian ADD COLUMN adult_at BIGINT;

-- +goose Down
ALTER TABLE guardian DROP COLUMN adult_at;
