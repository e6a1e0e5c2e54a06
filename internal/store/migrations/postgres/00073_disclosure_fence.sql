-- What a clinic gave away is that clinic's alone (promise A7).

-- +goose Up
SELECT almirah_fence('disclosure'::regclass);

-- +goose Down
DROP POLICY clinic ON disclosure;
ALTER TABLE disclosure NO FORCE ROW LEVEL SECURITY;
ALTER TABLE disclosure DISABLE ROW LEVEL SECURITY;
