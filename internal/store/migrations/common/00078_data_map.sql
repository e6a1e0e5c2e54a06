-- Maps of the data that somebody signed, word for word and by their fingerprint; and on each signature the fingerprint of what was looked at (decision 0064).

-- +goose Up
CREATE TABLE data_map (
    digest  TEXT   NOT NULL PRIMARY KEY,
    text    TEXT   NOT NULL,
    kept_at BIGINT NOT NULL
) /* clustered */;
ALTER TABLE duty_done ADD COLUMN seen TEXT NOT NULL DEFAULT '';

-- The texts that people and clinics agree to, each under the SHA-256 of what it says; and who was told of what, so that nobody is told twice.
CREATE TABLE document_text (
    digest  TEXT   NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    text    TEXT   NOT NULL,
    kept_at BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    CHECK (from_at >= kept_at)
) /* clustered */;
CREATE TABLE told_once (
    what      TEXT   NOT NULL,
    person_id BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (what, person_id)
) /* clustered */;

-- The texts that patients are shown before they agree, word for word; each consent names the one that was shown.
CREATE TABLE notice_text (
    clinic_id BYTEA  NOT NULL,
    digest    TEXT   NOT NULL,
    purpose   TEXT   NOT NULL,
    version   BIGINT NOT NULL,
    language  TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    kept_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, digest)
) /* clustered */;
ALTER TABLE consent ADD COLUMN digest TEXT NOT NULL DEFAULT '';

-- The terms of use are known by their hash from here on; the text is the one that was called after its month.
UPDATE acceptance SET version = '64de95aece9102934b45799bee726bc365e659a085e501f5c1f6e8c6c3382f22' WHERE document = 'terms' AND version = '2026-11';

-- +goose Down
ALTER TABLE consent DROP COLUMN digest;
DROP TABLE notice_text;
UPDATE acceptance SET version = '2026-11' WHERE document = 'terms' AND version = '64de95aece9102934b45799bee726bc365e659a085e501f5c1f6e8c6c3382f22';
DROP TABLE told_once;
DROP TABLE document_text;
ALTER TABLE duty_done DROP COLUMN seen;
DROP TABLE data_map;
