-- The clinic of the invented patient, who goes through the installation every night, and how her walks went (decision 0062). The name of such a clinic leads nowhere
-- but for the walk. What is kept of a walk names nobody: steps, times and the places that were looked at. Her marks lie here, sealed under a key of the walk's own, for as
-- long as it lasts.

-- +goose Up
ALTER TABLE clinic ADD COLUMN canary BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clinic_route ADD COLUMN canary BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE canary_walk (
    id       BYTEA  NOT NULL PRIMARY KEY,
    state    TEXT   NOT NULL CHECK (state IN ('asked', 'running', 'good', 'bad', 'broken-off')),
    by_hand  BOOLEAN NOT NULL,
    asked_at BIGINT NOT NULL,
    began_at BIGINT NOT NULL DEFAULT 0,
    beat_at  BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT NOT NULL DEFAULT 0,
    steps    TEXT   NOT NULL DEFAULT '[]',
    places   TEXT   NOT NULL DEFAULT '[]',
    marks    BYTEA,
    witness  TEXT   NOT NULL DEFAULT ''
) /* clustered */;
CREATE UNIQUE INDEX canary_walk_alone ON canary_walk (state) WHERE state IN ('asked', 'running');
CREATE INDEX canary_walk_asked ON canary_walk (asked_at);

-- +goose Down
DROP TABLE canary_walk;
ALTER TABLE clinic_route DROP COLUMN canary;
ALTER TABLE clinic DROP COLUMN canary;
