-- What of a patient's data is given to somebody who may demand it: by two people, part by part, and she is told. The database itself refuses that
-- one person asks and decides, and that something is given which nobody approved.

-- +goose Up
CREATE TABLE disclosure (
    clinic_id  BYTEA  NOT NULL,
    id         BYTEA  NOT NULL,
    patient_id BYTEA  NOT NULL,
    ground     TEXT   NOT NULL CHECK (ground IN ('court', 'law', 'health', 'life', 'rights')),
    parts      TEXT   NOT NULL CHECK (parts <> ''),
    recipient  BYTEA  NOT NULL,
    reference  BYTEA,
    why        BYTEA,
    gag        TEXT   NOT NULL DEFAULT '',
    gag_why    BYTEA,
    state      TEXT   NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'given', 'dropped')),
    asked_by   BYTEA  NOT NULL,
    asked_at   BIGINT NOT NULL,
    decided_by BYTEA,
    decided_at BIGINT NOT NULL DEFAULT 0,
    words      BYTEA,
    given_at   BIGINT NOT NULL DEFAULT 0,
    told_at    BIGINT NOT NULL DEFAULT 0,
    told_by    TEXT   NOT NULL DEFAULT '' CHECK (told_by IN ('', 'message', 'hand')),
    version    BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (clinic_id, id),
    CONSTRAINT disclosure_two_people CHECK (decided_by IS NULL OR decided_by <> asked_by),
    CONSTRAINT disclosure_decided CHECK (state IN ('asked', 'dropped') OR decided_by IS NOT NULL),
    CONSTRAINT disclosure_given CHECK ((state = 'given') = (given_at > 0) AND (told_at = 0 OR given_at > 0))
) /* clustered */;
CREATE INDEX disclosure_of ON disclosure (clinic_id, patient_id, given_at);
CREATE INDEX disclosure_untold ON disclosure (clinic_id, state, told_at, given_at);

-- +goose Down
DROP TABLE disclosure;
