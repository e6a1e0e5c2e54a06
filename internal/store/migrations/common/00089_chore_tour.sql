-- How far a chore of all clinics is: behind which clinic it goes on, and whose turn it is, so that no two go round at once and what was cut off
-- goes on where it was (decision 0069). behind_id is zero when no tour is under way. A row is a chore; the id is a clinic's, and nobody's data.

-- +goose Up
CREATE TABLE chore_tour (
    name       TEXT   NOT NULL PRIMARY KEY,
    behind_id  BYTEA  NOT NULL,
    noted_at   BIGINT NOT NULL,
    holder_id  BYTEA  NOT NULL,
    held_until BIGINT NOT NULL
) /* clustered */;

-- +goose Down
DROP TABLE chore_tour;
