-- An invoice that was issued is never changed or removed.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER subscription_invoice_no_update BEFORE UPDATE ON subscription_invoice
BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER subscription_invoice_no_delete BEFORE DELETE ON subscription_invoice
BEGIN SELECT RAISE(ABORT, 'an invoice is never removed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER subscription_invoice_no_delete;
DROP TRIGGER subscription_invoice_no_update;
