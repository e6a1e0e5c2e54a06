-- A signed text is never changed, and under US law no patient is entered before the Business Associate Agreement is signed.

-- +goose Up
SELECT almirah_fence('agreement_text'::regclass);
SELECT almirah_fence('agreement'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_agreement_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what was signed is never changed or removed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER agreement_never BEFORE UPDATE OR DELETE ON agreement FOR EACH ROW EXECUTE FUNCTION almirah_agreement_kept();
CREATE TRIGGER agreement_text_never BEFORE UPDATE OR DELETE ON agreement_text FOR EACH ROW EXECUTE FUNCTION almirah_agreement_kept();
-- +goose StatementBegin
CREATE FUNCTION almirah_agreement_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND jurisdiction = 'US' AND baa = '') THEN
        RAISE EXCEPTION 'the agreement comes before the first patient';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER patient_agreement BEFORE INSERT ON patient FOR EACH ROW EXECUTE FUNCTION almirah_agreement_first();

-- +goose Down
DROP TRIGGER patient_agreement ON patient;
DROP FUNCTION almirah_agreement_first();
DROP TRIGGER agreement_text_never ON agreement_text;
DROP TRIGGER agreement_never ON agreement;
DROP FUNCTION almirah_agreement_kept();
DROP POLICY clinic ON agreement;
ALTER TABLE agreement NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agreement DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON agreement_text;
ALTER TABLE agreement_text NO FORCE ROW LEVEL SECURITY;
ALTER TABLE agreement_text DISABLE ROW LEVEL SECURITY;
