-- What a clinic let support see is that clinic's row alone, and a grant never gets longer or wider once it was decided.

-- +goose Up
SELECT almirah_fence('support_grant'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_grant_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.helper_id <> OLD.helper_id OR NEW.minutes <> OLD.minutes OR NEW.emergency <> OLD.emergency OR NEW.scopes <> OLD.scopes
        OR (OLD.decided_at > 0 AND (NEW.decided_at <> OLD.decided_at OR NEW.ends_at <> OLD.ends_at OR (NEW.patient_id IS NOT NULL AND NEW.patient_id IS DISTINCT FROM OLD.patient_id)))
        OR (OLD.state IN ('refused', 'withdrawn', 'ended') AND NEW.state <> OLD.state) THEN
        RAISE EXCEPTION 'a grant is never made longer or wider';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER support_grant_stays BEFORE UPDATE ON support_grant FOR EACH ROW EXECUTE FUNCTION almirah_grant_stays();

-- +goose Down
DROP TRIGGER support_grant_stays ON support_grant;
DROP FUNCTION almirah_grant_stays();
DROP POLICY clinic ON support_grant;
ALTER TABLE support_grant NO FORCE ROW LEVEL SECURITY;
ALTER TABLE support_grant DISABLE ROW LEVEL SECURITY;
