-- How the backups stand, and that this database came back from one: until somebody lets go of it, nothing leaves the house.

-- +goose Up
CREATE TABLE restoration (
    id          BYTEA  NOT NULL PRIMARY KEY,
    backup      TEXT   NOT NULL,
    taken_at    BIGINT NOT NULL,
    restored_at BIGINT NOT NULL,
    settled_at  BIGINT NOT NULL DEFAULT 0,
    uncertain   BIGINT NOT NULL DEFAULT 0,
    released_at BIGINT NOT NULL DEFAULT 0
) /* clustered */;

CREATE TABLE backup_mark (
    kind    TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    good_at BIGINT NOT NULL,
    report  TEXT   NOT NULL
) /* clustered */;

-- +goose Down
DROP TABLE backup_mark;
DROP TABLE restoration;
