-- The new tables show a transaction only the rows of the clinic that it named (promise A7).

-- +goose Up
SELECT almirah_fence('message_setting'::regclass);
SELECT almirah_fence('wish'::regclass);
SELECT almirah_fence('thread'::regclass);
SELECT almirah_fence('correspondent'::regclass);
SELECT almirah_fence('post'::regclass);
SELECT almirah_fence('canned'::regclass);
SELECT almirah_fence('approval'::regclass);

-- +goose Down
DROP POLICY clinic ON approval;
ALTER TABLE approval NO FORCE ROW LEVEL SECURITY;
ALTER TABLE approval DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON canned;
ALTER TABLE canned NO FORCE ROW LEVEL SECURITY;
ALTER TABLE canned DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON post;
ALTER TABLE post NO FORCE ROW LEVEL SECURITY;
ALTER TABLE post DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON correspondent;
ALTER TABLE correspondent NO FORCE ROW LEVEL SECURITY;
ALTER TABLE correspondent DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON thread;
ALTER TABLE thread NO FORCE ROW LEVEL SECURITY;
ALTER TABLE thread DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON wish;
ALTER TABLE wish NO FORCE ROW LEVEL SECURITY;
ALTER TABLE wish DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON message_setting;
ALTER TABLE message_setting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE message_setting DISABLE ROW LEVEL SECURITY;
