-- SQLite keeps no functions: each table of a module has its own trigger, beside the fence of its room, in the words
--   CREATE TRIGGER <table>_module BEFORE INSERT ON <table>
--   WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,<module>,%')
--   BEGIN SELECT RAISE(ABORT, 'the module <module> is off'); END;

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
