-- What is asked of carriers is that clinic's alone (promise A7), and how it ended stays so.

-- +goose Up
SELECT almirah_fence('erasure_ask'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_ask_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('due', 'letter') OR NEW.carrier <> OLD.carrier OR NEW.erasure_id <> OLD.erasure_id OR NEW.asked_at <> OLD.asked_at OR (OLD.state = 'letter' AND NEW.state = 'due') THEN
        RAISE EXCEPTION 'how a request to a carrier ended stays so';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ask_stays BEFORE UPDATE ON erasure_ask FOR EACH ROW EXECUTE FUNCTION almirah_ask_stays();

-- +goose Down
DROP TRIGGER ask_stays ON erasure_ask;
DROP FUNCTION almirah_ask_stays();
DROP POLICY clinic ON erasure_ask;
ALTER TABLE erasure_ask NO FORCE ROW LEVEL SECURITY;
ALTER TABLE erasure_ask DISABLE ROW LEVEL SECURITY;
