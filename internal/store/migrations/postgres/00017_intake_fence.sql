-- The new tables show a transaction only the rows of the clinic that it named (promise A7), take no row while the clinic keeps no clinical
-- records (promises A18, D6), and what was signed, and the text that it was given to, stay as they were (promise B9).

-- +goose Up
SELECT almirah_fence('intake_form'::regclass);
SELECT almirah_fence('intake_text'::regclass);
SELECT almirah_fence('intake_answer'::regclass);
SELECT almirah_module('intake_form'::regclass, 'clinical');
SELECT almirah_module('intake_text'::regclass, 'clinical');
SELECT almirah_module('intake_answer'::regclass, 'clinical');
-- +goose StatementBegin
CREATE FUNCTION almirah_intake_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was signed before a visit is not changed';
END $$;
-- +goose StatementEnd
CREATE TRIGGER intake_answer_kept BEFORE UPDATE OF id, patient_id, appointment_id, form_id, hash, answers, signed_name, guardian_id, signed_at ON intake_answer FOR EACH ROW WHEN (OLD.signed_at > 0) EXECUTE FUNCTION almirah_intake_kept();
CREATE TRIGGER intake_text_kept BEFORE UPDATE ON intake_text FOR EACH ROW EXECUTE FUNCTION almirah_intake_kept();

-- +goose Down
DROP TRIGGER intake_text_kept ON intake_text;
DROP TRIGGER intake_answer_kept ON intake_answer;
DROP FUNCTION almirah_intake_kept();
DROP TRIGGER module_on ON intake_answer;
DROP TRIGGER module_on ON intake_text;
DROP TRIGGER module_on ON intake_form;
DROP POLICY clinic ON intake_answer;
ALTER TABLE intake_answer NO FORCE ROW LEVEL SECURITY;
ALTER TABLE intake_answer DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON intake_text;
ALTER TABLE intake_text NO FORCE ROW LEVEL SECURITY;
ALTER TABLE intake_text DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON intake_form;
ALTER TABLE intake_form NO FORCE ROW LEVEL SECURITY;
ALTER TABLE intake_form DISABLE ROW LEVEL SECURITY;
