-- A map that somebody signed is never changed or removed, no signature under a review, and no text that somebody agreed to.

-- +goose Up
CREATE TRIGGER data_map_never BEFORE UPDATE OR DELETE ON data_map FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER duty_done_never BEFORE UPDATE ON duty_done FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
CREATE TRIGGER document_text_never BEFORE UPDATE OR DELETE ON document_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();
SELECT almirah_fence('notice_text'::regclass);
CREATE TRIGGER notice_text_never BEFORE UPDATE ON notice_text FOR EACH ROW EXECUTE FUNCTION almirah_policy_kept();

-- +goose Down
DROP TRIGGER notice_text_never ON notice_text;
DROP POLICY clinic ON notice_text;
ALTER TABLE notice_text NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notice_text DISABLE ROW LEVEL SECURITY;
DROP TRIGGER document_text_never ON document_text;
DROP TRIGGER duty_done_never ON duty_done;
DROP TRIGGER data_map_never ON data_map;
