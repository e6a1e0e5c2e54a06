-- The record of who did and saw what. A leaf cannot be changed or deleted (see the guards of
-- each engine); what it commits to lies beside it, sealed, and can be destroyed with its key.

-- +goose Up
CREATE TABLE audit_leaf (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    actor_id   BYTEA  NOT NULL,
    role       TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    subject_id BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    body       BYTEA  NOT NULL,
    commitment BYTEA  NOT NULL,
    PRIMARY KEY (clinic_id, id)
) /* clustered */;
CREATE INDEX audit_leaf_subject ON audit_leaf (clinic_id, subject_id, id);
CREATE INDEX audit_leaf_patient ON audit_leaf (clinic_id, patient_id, id);

CREATE TABLE audit_detail (
    clinic_id BYTEA NOT NULL,
    leaf_id   BYTEA NOT NULL,
    owner_id  BYTEA NOT NULL,
    sealed    BYTEA NOT NULL,
    PRIMARY KEY (clinic_id, leaf_id)
) /* clustered */;
CREATE INDEX audit_detail_owner ON audit_detail (clinic_id, owner_id);

CREATE TABLE audit_seen (
    clinic_id BYTEA  NOT NULL,
    session   BYTEA  NOT NULL,
    list      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (clinic_id, session, list)
) /* clustered */;

-- +goose Down
DROP TABLE audit_seen;
DROP TABLE audit_detail;
DROP TABLE audit_leaf;
