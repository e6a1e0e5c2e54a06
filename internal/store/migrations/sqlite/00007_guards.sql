-- What only this engine says this way: audit leaves are never changed or removed.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER audit_leaf_no_update BEFORE UPDATE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'an audit leaf is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_leaf_no_delete BEFORE DELETE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'an audit leaf is never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_tree_no_update BEFORE UPDATE ON audit_tree
BEGIN SELECT RAISE(ABORT, 'the audit tree only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_tree_no_delete BEFORE DELETE ON audit_tree
BEGIN SELECT RAISE(ABORT, 'the audit tree only grows'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_tree_no_delete;
DROP TRIGGER audit_tree_no_update;
DROP TRIGGER audit_leaf_no_delete;
DROP TRIGGER audit_leaf_no_update;
