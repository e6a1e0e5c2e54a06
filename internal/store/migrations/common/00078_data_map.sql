-- Maps of the data that somebody signed, word for word and by their fingerprint; and on each signature the fingerprint of what was looked at (decision 0064).

-- +goose Up
CREATE TABLE data_map (
    digest  TEXT   NOT NULL PRIMARY KEY,
    text    TEXT   NOT NULL,
    kept_at BIGINT NOT NULL
) /* clustered */;
ALTER TABLE duty_done ADD COLUMN seen TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE duty_done DROP COLUMN seen;
DROP TABLE data_map;
