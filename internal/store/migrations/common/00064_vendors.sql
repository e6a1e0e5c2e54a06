-- What is on file about each outside party, and what went to whom, by day, kept longer than a process lives (decision 0059).

-- +goose Up
CREATE TABLE vendor (
    party        TEXT    NOT NULL PRIMARY KEY,
    signed_on    TEXT    NOT NULL,
    ends_on      TEXT    NOT NULL DEFAULT '',
    safeguard    TEXT    NOT NULL CHECK (safeguard IN ('none', 'adequacy', 'clauses', 'other')),
    confidential BOOLEAN NOT NULL,
    baa          BOOLEAN NOT NULL,
    reviewed_on  TEXT    NOT NULL,
    note         TEXT    NOT NULL DEFAULT '',
    changed_by   BYTEA   NOT NULL,
    changed_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL DEFAULT 1
) /* clustered */;

CREATE TABLE egress_use (
    party    TEXT   NOT NULL,
    day      TEXT   NOT NULL,
    calls    BIGINT NOT NULL,
    failed   BIGINT NOT NULL,
    refused  BIGINT NOT NULL,
    sent     BIGINT NOT NULL,
    received BIGINT NOT NULL,
    PRIMARY KEY (party, day)
) /* clustered */;
CREATE INDEX egress_use_day ON egress_use (day);

-- +goose Down
DROP TABLE egress_use;
DROP TABLE vendor;
