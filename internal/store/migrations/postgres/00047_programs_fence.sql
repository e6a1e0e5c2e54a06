-- Each clinic's programs are its own, and a token never becomes longer, wider or alive again.

-- +goose Up
SELECT almirah_fence('api_token'::regclass);
SELECT almirah_fence('webhook_endpoint'::regclass);
SELECT almirah_fence('webhook_delivery'::regclass);
-- +goose StatementBegin
CREATE FUNCTION almirah_token_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person_id <> OLD.person_id OR NEW.token_hash <> OLD.token_hash OR NEW.scopes <> OLD.scopes OR NEW.created_at <> OLD.created_at OR NEW.expires_at <> OLD.expires_at
        OR (OLD.ended_at > 0 AND NEW.ended_at <> OLD.ended_at) THEN
        RAISE EXCEPTION 'a token is never made longer, wider or alive again';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER api_token_stays BEFORE UPDATE ON api_token FOR EACH ROW EXECUTE FUNCTION almirah_token_stays();

-- +goose Down
DROP TRIGGER api_token_stays ON api_token;
DROP FUNCTION almirah_token_stays();
DROP POLICY clinic ON webhook_delivery;
ALTER TABLE webhook_delivery NO FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON webhook_endpoint;
ALTER TABLE webhook_endpoint NO FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoint DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON api_token;
ALTER TABLE api_token NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_token DISABLE ROW LEVEL SECURITY;
