-- How far ahead senders of messages have used up what their providers allow, so that several processes keep one limit together. A row is
-- a sender, or a sender with one of 16 million buckets in which a recipient falls: no number stands here, and none can be found from it.

-- +goose Up
CREATE TABLE pace (
    account BYTEA  NOT NULL,
    bucket  BIGINT NOT NULL,
    free_at BIGINT NOT NULL,
    PRIMARY KEY (account, bucket)
) /* clustered */;

-- +goose Down
DROP TABLE pace;
