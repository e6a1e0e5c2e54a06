-- The new tables show a transaction only the rows of the clinic that it named (promise A7), take no row while the clinic keeps no clinical
-- records (promises A18, D6), and a signed visit stays as it was signed (promise D4).

-- +goose Up
SELECT almirah_fence('encounter'::regclass);
SELECT almirah_fence('encounter_aside'::regclass);
SELECT almirah_fence('amendment'::regclass);
SELECT almirah_fence('health'::regclass);
SELECT almirah_fence('file'::regclass);
SELECT almirah_fence('file_piece'::regclass);
SELECT almirah_fence('visit_template'::regclass);
SELECT almirah_fence('code_list'::regclass);
SELECT almirah_module('encounter'::regclass, 'clinical');
SELECT almirah_module('encounter_aside'::regclass, 'clinical');
SELECT almirah_module('amendment'::regclass, 'clinical');
SELECT almirah_module('health'::regclass, 'clinical');
SELECT almirah_module('file'::regclass, 'clinical');
SELECT almirah_module('file_piece'::regclass, 'clinical');
SELECT almirah_module('visit_template'::regclass, 'clinical');
SELECT almirah_module('code_list'::regclass, 'clinical');
-- +goose StatementBegin
CREATE FUNCTION almirah_visit_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was signed is not changed; write an amendment';
END $$;
-- +goose StatementEnd
CREATE TRIGGER encounter_signed BEFORE UPDATE OF id, patient_id, appointment_id, provider_id, starts_at, note, vitals, measured, signed_at, signed_by, signer ON encounter FOR EACH ROW WHEN (OLD.signed_at > 0) EXECUTE FUNCTION almirah_visit_signed();
CREATE TRIGGER amendment_signed BEFORE UPDATE ON amendment FOR EACH ROW EXECUTE FUNCTION almirah_visit_signed();

-- +goose Down
DROP TRIGGER amendment_signed ON amendment;
DROP TRIGGER encounter_signed ON encounter;
DROP FUNCTION almirah_visit_signed();
DROP TRIGGER module_on ON code_list;
DROP TRIGGER module_on ON visit_template;
DROP TRIGGER module_on ON file_piece;
DROP TRIGGER module_on ON file;
DROP TRIGGER module_on ON health;
DROP TRIGGER module_on ON amendment;
DROP TRIGGER module_on ON encounter_aside;
DROP TRIGGER module_on ON encounter;
DROP POLICY clinic ON code_list;
ALTER TABLE code_list NO FORCE ROW LEVEL SECURITY;
ALTER TABLE code_list DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON visit_template;
ALTER TABLE visit_template NO FORCE ROW LEVEL SECURITY;
ALTER TABLE visit_template DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON file_piece;
ALTER TABLE file_piece NO FORCE ROW LEVEL SECURITY;
ALTER TABLE file_piece DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON file;
ALTER TABLE file NO FORCE ROW LEVEL SECURITY;
ALTER TABLE file DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON health;
ALTER TABLE health NO FORCE ROW LEVEL SECURITY;
ALTER TABLE health DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON amendment;
ALTER TABLE amendment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE amendment DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON encounter_aside;
ALTER TABLE encounter_aside NO FORCE ROW LEVEL SECURITY;
ALTER TABLE encounter_aside DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON encounter;
ALTER TABLE encounter NO FORCE ROW LEVEL SECURITY;
ALTER TABLE encounter DISABLE ROW LEVEL SECURITY;
