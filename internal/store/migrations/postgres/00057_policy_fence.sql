-- What was promised is never changed or removed; a change that weakens waits thirty days where there is anybody whom it could touch; and California's
-- clinics sign the Business Associate Agreement like those of the other states.

-- +goose Up
SELECT almirah_fence('policy_text'::regclass);
SELECT almirah_fence('policy_version'::regclass);
SELECT almirah_fence('policy_answer'::regclass);
SELECT almirah_fence('policy_told'::regclass);
SELECT almirah_fence('policy_announced'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_policy_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what was promised, answered or signed is never changed or removed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER policy_text_never BEFORE UPDATE OR DELETE ON policy_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER policy_version_never BEFORE UPDATE OR DELETE ON policy_version FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER policy_answer_never BEFORE UPDATE ON policy_answer FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER confidentiality_text_never BEFORE UPDATE OR DELETE ON confidentiality_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
-- +goose StatementBegin
CREATE FUNCTION almirah_policy_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.gate = 'nobody' AND EXISTS (SELECT 1 FROM patient WHERE clinic_id = NEW.clinic_id) THEN
        RAISE EXCEPTION 'whoever is a patient is asked first';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER policy_version_gate BEFORE INSERT ON policy_version FOR EACH ROW EXECUTE FUNCTION almirah_policy_gate();
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_agreement_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND (jurisdiction = 'US' OR jurisdiction LIKE 'US-%') AND baa = '') THEN
        RAISE EXCEPTION 'the agreement comes before the first patient';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION almirah_agreement_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND jurisdiction = 'US' AND baa = '') THEN
        RAISE EXCEPTION 'the agreement comes before the first patient';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER policy_version_gate ON policy_version;
DROP FUNCTION almirah_policy_gate();
DROP TRIGGER confidentiality_text_never ON confidentiality_text;
DROP TRIGGER policy_answer_never ON policy_answer;
DROP TRIGGER policy_version_never ON policy_version;
DROP TRIGGER policy_text_never ON policy_text;
DROP FUNCTION almirah_policy_kept();
DROP POLICY clinic ON policy_announced;
ALTER TABLE policy_announced NO FORCE ROW LEVEL SECURITY;
ALTER TABLE policy_announced DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON policy_told;
ALTER TABLE policy_told NO FORCE ROW LEVEL SECURITY;
ALTER TABLE policy_told DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON policy_answer;
ALTER TABLE policy_answer NO FORCE ROW LEVEL SECURITY;
ALTER TABLE policy_answer DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON policy_version;
ALTER TABLE policy_version NO FORCE ROW LEVEL SECURITY;
ALTER TABLE policy_version DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON policy_text;
ALTER TABLE policy_text NO FORCE ROW LEVEL SECURITY;
ALTER TABLE policy_text DISABLE ROW LEVEL SECURITY;
