-- The age from which a patient decides for herself follows from the clinic's law, and from what she agreed to: a law that lets people decide earlier holds for who comes
-- under it, and for the others only when they agree (decision 0055). adult_age is the higher age under which she stays; zero: the clinic's law alone.
--
-- A date of birth is sealed, so who is a child today can only be found by opening it: ages_behind is the patient behind whom the tour through all of them goes on, ages_at
-- when the tour began, and ages_for the age of the law then.

-- +goose Up
ALTER TABLE patient ADD COLUMN adult_age BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clinic ADD COLUMN ages_behind BYTEA;
ALTER TABLE clinic ADD COLUMN ages_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clinic ADD COLUMN ages_for BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE clinic DROP COLUMN ages_for;
ALTER TABLE clinic DROP COLUMN ages_at;
ALTER TABLE clinic DROP COLUMN ages_behind;
ALTER TABLE patient DROP COLUMN adult_age;
