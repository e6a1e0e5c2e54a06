-- The new tables show a transaction only the rows of the clinic that it named (promise A7). Without the module nothing is counted of money.

-- +goose Up
SELECT almirah_fence('insight_setting'::regclass);
SELECT almirah_fence('insight_progress'::regclass);
SELECT almirah_fence('insight_day'::regclass);
SELECT almirah_fence('insight_source'::regclass);
SELECT almirah_fence('insight_money'::regclass);
SELECT almirah_fence('feature_day'::regclass);
SELECT almirah_fence('visitor_day'::regclass);
SELECT almirah_module('insight_money'::regclass, 'billing');

-- +goose Down
DROP TRIGGER module_on ON insight_money;
DROP POLICY clinic ON visitor_day;
ALTER TABLE visitor_day NO FORCE ROW LEVEL SECURITY;
ALTER TABLE visitor_day DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON feature_day;
ALTER TABLE feature_day NO FORCE ROW LEVEL SECURITY;
ALTER TABLE feature_day DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON insight_money;
ALTER TABLE insight_money NO FORCE ROW LEVEL SECURITY;
ALTER TABLE insight_money DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON insight_source;
ALTER TABLE insight_source NO FORCE ROW LEVEL SECURITY;
ALTER TABLE insight_source DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON insight_day;
ALTER TABLE insight_day NO FORCE ROW LEVEL SECURITY;
ALTER TABLE insight_day DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON insight_progress;
ALTER TABLE insight_progress NO FORCE ROW LEVEL SECURITY;
ALTER TABLE insight_progress DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON insight_setting;
ALTER TABLE insight_setting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE insight_setting DISABLE ROW LEVEL SECURITY;
