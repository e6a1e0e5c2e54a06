-- The new tables show a transaction only the rows of the clinic that it named (promise A7).

-- +goose Up
SELECT almirah_fence('followup_due'::regclass);
SELECT almirah_fence('feedback'::regclass);
SELECT almirah_fence('review_link'::regclass);

-- +goose Down
DROP POLICY clinic ON review_link;
ALTER TABLE review_link NO FORCE ROW LEVEL SECURITY;
ALTER TABLE review_link DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON feedback;
ALTER TABLE feedback NO FORCE ROW LEVEL SECURITY;
ALTER TABLE feedback DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON followup_due;
ALTER TABLE followup_due NO FORCE ROW LEVEL SECURITY;
ALTER TABLE followup_due DISABLE ROW LEVEL SECURITY;
