-- What a clinic signed with whoever runs the installation: the text itself, word for word, and who signed it when (promises A15, A16).

-- +goose Up
CREATE TABLE agreement_text (
    clinic_id BYTEA  NOT NULL,
    digest    TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    kept_at   BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, digest)
) /* clustered */;

CREATE TABLE agreement (
    clinic_id BYTEA  NOT NULL,
    id        BYTEA  NOT NULL,
    digest    TEXT   NOT NULL,
    person_id BYTEA  NOT NULL,
    signer    BYTEA  NOT NULL,
    capacity  BYTEA  NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, id),
    FOREIGN KEY (clinic_id, digest) REFERENCES agreement_text (clinic_id, digest)
) /* clustered */;

ALTER TABLE clinic ADD COLUMN baa TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE clinic DROP COLUMN baa;
DROP TABLE agreement;
DROP TABLE agreement_text;
