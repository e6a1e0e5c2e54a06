-- The new tables show a transaction only the rows of the clinic that it named (promise A7).

-- +goose Up
SELECT almirah_fence('attached'::regclass);
SELECT almirah_fence('peer_bucket'::regclass);
SELECT almirah_fence('strange'::regclass);

-- +goose Down
DROP POLICY clinic ON strange;
ALTER TABLE strange NO FORCE ROW LEVEL SECURITY;
ALTER TABLE strange DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON peer_bucket;
ALTER TABLE peer_bucket NO FORCE ROW LEVEL SECURITY;
ALTER TABLE peer_bucket DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON attached;
ALTER TABLE attached NO FORCE ROW LEVEL SECURITY;
ALTER TABLE attached DISABLE ROW LEVEL SECURITY;
