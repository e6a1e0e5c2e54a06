-- What somebody asked of one clinic is that clinic's alone; an answer that was given stays given.

-- +goose Up
SELECT almirah_fence('data_request'::regclass);
SELECT almirah_fence('data_statement'::regclass);
SELECT almirah_fence('nominee'::regclass);
SELECT almirah_fence('young_found'::regclass);
SELECT almirah_fence('request_setting'::regclass);
SELECT almirah_fence('link_asked'::regclass);
SELECT almirah_fence('contact_proof'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_request_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('answered', 'withdrawn') AND (NEW.state <> OLD.state OR NEW.outcome <> OLD.outcome OR NEW.ground <> OLD.ground OR NEW.decided_at <> OLD.decided_at)
        OR NEW.came_at <> OLD.came_at THEN
        RAISE EXCEPTION 'an answer that was given stays given, and a clock that runs is not set back';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER request_stays BEFORE UPDATE ON data_request FOR EACH ROW EXECUTE FUNCTION almirah_request_stays();

-- +goose Down
DROP TRIGGER request_stays ON data_request;
DROP FUNCTION almirah_request_stays();
DROP POLICY clinic ON contact_proof;
ALTER TABLE contact_proof NO FORCE ROW LEVEL SECURITY;
ALTER TABLE contact_proof DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON link_asked;
ALTER TABLE link_asked NO FORCE ROW LEVEL SECURITY;
ALTER TABLE link_asked DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON request_setting;
ALTER TABLE request_setting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE request_setting DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON young_found;
ALTER TABLE young_found NO FORCE ROW LEVEL SECURITY;
ALTER TABLE young_found DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON nominee;
ALTER TABLE nominee NO FORCE ROW LEVEL SECURITY;
ALTER TABLE nominee DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON data_statement;
ALTER TABLE data_statement NO FORCE ROW LEVEL SECURITY;
ALTER TABLE data_statement DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON data_request;
ALTER TABLE data_request NO FORCE ROW LEVEL SECURITY;
ALTER TABLE data_request DISABLE ROW LEVEL SECURITY;
