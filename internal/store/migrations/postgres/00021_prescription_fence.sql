-- The new tables show a transaction only the rows of the clinic that it named (promise A7), take no row while the clinic has no
-- prescriptions (promises A18, D6), and a signed sheet is never changed (promise E1). Deleting stays possible: whoever is erased is
-- erased with her sheets.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_prescription_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed prescription is never changed';
END $$;
-- +goose StatementEnd
CREATE TRIGGER signed BEFORE UPDATE OF id, patient_id, encounter_id, provider_id, author_id, replaces, language, remote, body, sheet, signed_as, code_hash, checked, created_at, saved_at, signed_at, signed_by ON prescription FOR EACH ROW WHEN (OLD.signed_at > 0) EXECUTE FUNCTION almirah_prescription_signed();
CREATE TRIGGER signed BEFORE UPDATE ON prescription_end FOR EACH ROW EXECUTE FUNCTION almirah_prescription_signed();
SELECT almirah_fence('prescription'::regclass);
SELECT almirah_module('prescription'::regclass, 'prescriptions');
SELECT almirah_fence('prescription_end'::regclass);
SELECT almirah_module('prescription_end'::regclass, 'prescriptions');
SELECT almirah_fence('prescription_share'::regclass);
SELECT almirah_module('prescription_share'::regclass, 'prescriptions');
SELECT almirah_fence('prescription_link'::regclass);
SELECT almirah_module('prescription_link'::regclass, 'prescriptions');
SELECT almirah_fence('prescription_set'::regclass);
SELECT almirah_module('prescription_set'::regclass, 'prescriptions');
SELECT almirah_fence('drug_list'::regclass);
SELECT almirah_module('drug_list'::regclass, 'prescriptions');
SELECT almirah_fence('drug_alias'::regclass);
SELECT almirah_module('drug_alias'::regclass, 'prescriptions');
SELECT almirah_fence('prescription_setting'::regclass);
SELECT almirah_module('prescription_setting'::regclass, 'prescriptions');

-- +goose Down
DROP TRIGGER module_on ON prescription_setting;
DROP POLICY clinic ON prescription_setting;
ALTER TABLE prescription_setting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_setting DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON drug_alias;
DROP POLICY clinic ON drug_alias;
ALTER TABLE drug_alias NO FORCE ROW LEVEL SECURITY;
ALTER TABLE drug_alias DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON drug_list;
DROP POLICY clinic ON drug_list;
ALTER TABLE drug_list NO FORCE ROW LEVEL SECURITY;
ALTER TABLE drug_list DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON prescription_set;
DROP POLICY clinic ON prescription_set;
ALTER TABLE prescription_set NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_set DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON prescription_link;
DROP POLICY clinic ON prescription_link;
ALTER TABLE prescription_link NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_link DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON prescription_share;
DROP POLICY clinic ON prescription_share;
ALTER TABLE prescription_share NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_share DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON prescription_end;
DROP POLICY clinic ON prescription_end;
ALTER TABLE prescription_end NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_end DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON prescription;
DROP POLICY clinic ON prescription;
ALTER TABLE prescription NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription DISABLE ROW LEVEL SECURITY;
DROP TRIGGER signed ON prescription_end;
DROP TRIGGER signed ON prescription;
DROP FUNCTION almirah_prescription_signed();
