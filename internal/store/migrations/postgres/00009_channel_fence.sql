-- The new tables show a transaction only the rows of the clinic that it named (promise A7).

-- +goose Up
SELECT almirah_fence('channel'::regclass);
SELECT almirah_fence('channel_use'::regclass);
SELECT almirah_fence('heard'::regclass);

-- +goose Down
DROP POLICY clinic ON heard;
ALTER TABLE heard NO FORCE ROW LEVEL SECURITY;
ALTER TABLE heard DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON channel_use;
ALTER TABLE channel_use NO FORCE ROW LEVEL SECURITY;
ALTER TABLE channel_use DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON channel;
ALTER TABLE channel NO FORCE ROW LEVEL SECURITY;
ALTER TABLE channel DISABLE ROW LEVEL SECURITY;
