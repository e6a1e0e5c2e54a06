-- How long a promise has stood as it stands, and how it stood before. A spell is a time in which each look of a probe came out the same; a new one
-- begins with the first look that came out otherwise. So "broken since" outlives a restart, whichever process looked.

-- +goose Up
ALTER TABLE probe_result ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
UPDATE probe_result SET since = checked_at;
CREATE TABLE probe_spell (
    id         TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    status     TEXT   NOT NULL,
    evidence   TEXT   NOT NULL,
    checked_at BIGINT NOT NULL,
    times      BIGINT NOT NULL,
    PRIMARY KEY (id, since)
);
INSERT INTO probe_spell (id, since, status, evidence, checked_at, times) SELECT id, since, status, evidence, checked_at, 1 FROM probe_result;

-- +goose Down
DROP TABLE probe_spell;
ALTER TABLE probe_result DROP COLUMN since;
