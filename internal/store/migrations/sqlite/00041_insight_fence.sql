-- SQLite has no row-level security; the doorway binds the clinic. Without the module nothing is counted of money.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER insight_money_module BEFORE INSERT ON insight_money
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER insight_money_module;
