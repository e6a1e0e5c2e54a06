-- What only this engine says this way: audit leaves are never changed or removed, and every
-- clinic table shows a transaction only the rows of the clinic that it named (promise A7).

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit rows are never changed or removed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_leaf_never BEFORE UPDATE OR DELETE ON audit_leaf FOR EACH ROW EXECUTE FUNCTION almirah_never();
CREATE TRIGGER audit_leaf_keep BEFORE TRUNCATE ON audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION almirah_never();
CREATE TRIGGER audit_tree_never BEFORE UPDATE OR DELETE ON audit_tree FOR EACH ROW EXECUTE FUNCTION almirah_never();
CREATE TRIGGER audit_tree_keep BEFORE TRUNCATE ON audit_tree FOR EACH STATEMENT EXECUTE FUNCTION almirah_never();

-- +goose StatementBegin
CREATE FUNCTION almirah_fence(t regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic ON %s USING (clinic_id = (SELECT current_setting(''almirah.clinic'', true)::bytea)) '
        || 'WITH CHECK (clinic_id = (SELECT current_setting(''almirah.clinic'', true)::bytea))', t);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['clinic', 'provider', 'hours_change', 'leave', 'closure', 'service', 'service_provider',
        'patient', 'patient_token', 'patient_gate', 'guardian', 'notice', 'consent',
        'appointment', 'claims', 'booking_log', 'patient_link', 'idempotency',
        'template', 'reminder_rule', 'reminder_due', 'message', 'message_event', 'event',
        'audit_leaf', 'audit_detail', 'audit_seen']
    LOOP
        PERFORM almirah_fence(t::regclass);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOR t IN SELECT tablename FROM pg_policies WHERE policyname = 'clinic' AND schemaname = current_schema()
    LOOP
        EXECUTE format('DROP POLICY clinic ON %I', t);
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION almirah_fence(regclass);
DROP TRIGGER audit_tree_keep ON audit_tree;
DROP TRIGGER audit_tree_never ON audit_tree;
DROP TRIGGER audit_leaf_keep ON audit_leaf;
DROP TRIGGER audit_leaf_never ON audit_leaf;
DROP FUNCTION almirah_never();
