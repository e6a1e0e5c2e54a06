-- What a policy said is never removed, but with its clinic, once the clinic itself is on record as gone. Texts that belong to no clinic stay for ever.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_policy_of_clinic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN IF EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id) THEN RETURN OLD; END IF; END IF;
    RAISE EXCEPTION 'what was promised, answered or signed is never changed or removed'; END $$;
-- +goose StatementEnd
DROP TRIGGER policy_text_never ON policy_text;
DROP TRIGGER policy_version_never ON policy_version;
CREATE TRIGGER policy_text_never BEFORE UPDATE OR DELETE ON policy_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_of_clinic();
CREATE TRIGGER policy_version_never BEFORE UPDATE OR DELETE ON policy_version FOR EACH ROW EXECUTE FUNCTION almirah_policy_of_clinic();

-- +goose Down
DROP TRIGGER policy_version_never ON policy_version;
DROP TRIGGER policy_text_never ON policy_text;
CREATE TRIGGER policy_text_never BEFORE UPDATE OR DELETE ON policy_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER policy_version_never BEFORE UPDATE OR DELETE ON policy_version FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
DROP FUNCTION almirah_policy_of_clinic();
