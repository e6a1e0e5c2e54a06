-- Who takes a clinic along, and lists that were brought in, are that clinic's alone (promise A7).

-- +goose Up
SELECT almirah_fence('arrival'::regclass);
SELECT almirah_fence('export_run'::regclass);
SELECT almirah_fence('list_import'::regclass);
SELECT almirah_fence('list_line'::regclass);

-- +goose Down
DROP POLICY clinic ON list_line;
ALTER TABLE list_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE list_line DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON list_import;
ALTER TABLE list_import NO FORCE ROW LEVEL SECURITY;
ALTER TABLE list_import DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON export_run;
ALTER TABLE export_run NO FORCE ROW LEVEL SECURITY;
ALTER TABLE export_run DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON arrival;
ALTER TABLE arrival NO FORCE ROW LEVEL SECURITY;
ALTER TABLE arrival DISABLE ROW LEVEL SECURITY;
