-- What is held of erased people is that clinic's alone, and the day until which it is held is never set later (promise A7).

-- +goose Up
SELECT almirah_fence('erasure'::regclass);
SELECT almirah_fence('erasure_hold'::regclass);
SELECT almirah_fence('held_part'::regclass);
SELECT almirah_fence('erasure_carrier'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_day <> OLD.last_day OR NEW.class <> OLD.class OR NEW.source <> OLD.source OR (OLD.ended_at > 0 AND NEW.ended_at <> OLD.ended_at) THEN
        RAISE EXCEPTION 'what a law holds of an erased person is held until the day that was said, and what has ended stays so';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER hold_stays BEFORE UPDATE ON erasure_hold FOR EACH ROW EXECUTE FUNCTION almirah_hold_stays();

-- +goose Down
DROP TRIGGER hold_stays ON erasure_hold;
DROP FUNCTION almirah_hold_stays();
DROP POLICY clinic ON erasure_carrier;
ALTER TABLE erasure_carrier NO FORCE ROW LEVEL SECURITY;
ALTER TABLE erasure_carrier DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON held_part;
ALTER TABLE held_part NO FORCE ROW LEVEL SECURITY;
ALTER TABLE held_part DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON erasure_hold;
ALTER TABLE erasure_hold NO FORCE ROW LEVEL SECURITY;
ALTER TABLE erasure_hold DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON erasure;
ALTER TABLE erasure NO FORCE ROW LEVEL SECURITY;
ALTER TABLE erasure DISABLE ROW LEVEL SECURITY;
