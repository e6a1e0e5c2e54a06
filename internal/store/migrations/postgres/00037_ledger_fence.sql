-- Who looked through the log is a clinic's own, and a sign-off is never changed.

-- +goose Up
SELECT almirah_fence('oversight_review'::regclass);
SELECT almirah_fence('oversight_finding'::regclass);
SELECT almirah_fence('oversight_count'::regclass);
SELECT almirah_fence('oversight_state'::regclass);
SELECT almirah_fence('oversight_mail'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_signed_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a sign-off is never changed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER oversight_review_never BEFORE UPDATE ON oversight_review FOR EACH ROW EXECUTE FUNCTION almirah_signed_off();

-- +goose Down
DROP TRIGGER oversight_review_never ON oversight_review;
DROP FUNCTION almirah_signed_off();
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['oversight_review', 'oversight_finding', 'oversight_count', 'oversight_state', 'oversight_mail']
    LOOP
        EXECUTE format('DROP POLICY clinic ON %I', t);
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
-- +goose StatementEnd
