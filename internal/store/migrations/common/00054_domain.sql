-- A clinic's own host name with the proof that it is the clinic's, and the certificates of the deployment, which every node of it can
-- show. Both belong to the platform: who asks for a page by its host belongs to no clinic yet (decision 0053).

-- +goose Up
CREATE TABLE domain (
    clinic_id  BYTEA  NOT NULL PRIMARY KEY,
    host       TEXT   NOT NULL CHECK (length(host) BETWEEN 4 AND 253),
    proof      TEXT   NOT NULL CHECK (length(proof) >= 24),
    claimed_at BIGINT NOT NULL,
    proven_at  BIGINT NOT NULL DEFAULT 0,
    checked_at BIGINT NOT NULL DEFAULT 0,
    failing_at BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    problem    TEXT   NOT NULL DEFAULT '' CHECK (problem IN ('', 'no-name', 'elsewhere', 'no-proof', 'wrong-proof', 'no-answer', 'taken')),
    found      TEXT   NOT NULL DEFAULT '',
    version    BIGINT NOT NULL DEFAULT 1,
    CHECK (proven_at = 0 OR proven_at >= claimed_at)
) /* clustered */;
CREATE UNIQUE INDEX domain_proven ON domain (host) WHERE proven_at > 0;
CREATE INDEX domain_due ON domain (due_at);

CREATE TABLE certificate (
    name    TEXT   NOT NULL PRIMARY KEY,
    sealed  BYTEA  NOT NULL,
    kept_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL DEFAULT 0
) /* clustered */;

ALTER TABLE clinic ADD COLUMN host TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clinic DROP COLUMN host;
DROP TABLE certificate;
DROP TABLE domain;
