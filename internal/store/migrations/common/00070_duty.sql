-- What people, not programs, have to look at regularly: who signed that it was done, when, and where the report lies. Nothing is changed or
-- taken away here; a later signature is another row.

-- +goose Up
CREATE TABLE duty_done (
    id     BYTEA  NOT NULL PRIMARY KEY,
    kind   TEXT   NOT NULL,
    day    TEXT   NOT NULL,
    by_id  BYTEA  NOT NULL,
    report TEXT   NOT NULL,
    at     BIGINT NOT NULL
) /* clustered */;
CREATE INDEX duty_done_kind ON duty_done (kind, day);

-- +goose Down
DROP TABLE duty_done;
