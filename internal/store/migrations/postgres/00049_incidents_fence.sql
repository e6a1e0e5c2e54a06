-- What went wrong at a clinic is that clinic's alone (promise A7).

-- +goose Up
SELECT almirah_fence('incident'::regclass);
SELECT almirah_fence('incident_patient'::regclass);
SELECT almirah_fence('incident_step'::regclass);
SELECT almirah_fence('security_text'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_incident_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' AND (NEW.state <> 'closed' OR NEW.aware_at <> OLD.aware_at OR NEW.notifiable <> OLD.notifiable OR NEW.closed_at <> OLD.closed_at)
        OR OLD.aware_at > 0 AND NEW.aware_at <> OLD.aware_at THEN
        RAISE EXCEPTION 'a closed incident stays closed, and a clock that runs is not set back';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER incident_stays BEFORE UPDATE ON incident FOR EACH ROW EXECUTE FUNCTION almirah_incident_stays();

-- +goose Down
DROP TRIGGER incident_stays ON incident;
DROP FUNCTION almirah_incident_stays();
DROP POLICY clinic ON security_text;
ALTER TABLE security_text NO FORCE ROW LEVEL SECURITY;
ALTER TABLE security_text DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON incident_step;
ALTER TABLE incident_step NO FORCE ROW LEVEL SECURITY;
ALTER TABLE incident_step DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON incident_patient;
ALTER TABLE incident_patient NO FORCE ROW LEVEL SECURITY;
ALTER TABLE incident_patient DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON incident;
ALTER TABLE incident NO FORCE ROW LEVEL SECURITY;
ALTER TABLE incident DISABLE ROW LEVEL SECURITY;
