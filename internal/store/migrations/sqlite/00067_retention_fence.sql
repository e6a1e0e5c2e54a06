-- What may never be removed goes with its clinic, once the clinic itself is on record as gone (decision 60).

-- +goose Up
DROP TRIGGER invoice_kept;
-- +goose StatementBegin
CREATE TRIGGER invoice_kept BEFORE DELETE ON invoice WHEN OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id) AND NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice is kept'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_line_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_line_delete BEFORE DELETE ON invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id) AND NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_tax_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_delete BEFORE DELETE ON invoice_tax WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id) AND NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
DROP TRIGGER ledger_entry_no_delete;
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
-- +goose StatementEnd
DROP TRIGGER day_close_no_delete;
-- +goose StatementBegin
CREATE TRIGGER day_close_no_delete BEFORE DELETE ON day_close WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'a closed day stays closed'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_gone_no_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_gone_no_delete BEFORE DELETE ON invoice_gone WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'the place of an invoice stays'); END;
-- +goose StatementEnd
DROP TRIGGER payment_no_delete;
-- +goose StatementBegin
CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
DROP TRIGGER refund_no_delete;
-- +goose StatementBegin
CREATE TRIGGER refund_no_delete BEFORE DELETE ON refund WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
DROP TRIGGER agreement_no_delete;
-- +goose StatementBegin
CREATE TRIGGER agreement_no_delete BEFORE DELETE ON agreement WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'a signed agreement is never removed'); END;
-- +goose StatementEnd
DROP TRIGGER agreement_text_no_delete;
-- +goose StatementBegin
CREATE TRIGGER agreement_text_no_delete BEFORE DELETE ON agreement_text WHEN NOT EXISTS (SELECT 1 FROM clinic_gone x WHERE x.clinic_id = OLD.clinic_id)
BEGIN SELECT RAISE(ABORT, 'a signed text is never removed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER invoice_kept;
-- +goose StatementBegin
CREATE TRIGGER invoice_kept BEFORE DELETE ON invoice WHEN OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice is kept'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_line_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_line_delete BEFORE DELETE ON invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_tax_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_delete BEFORE DELETE ON invoice_tax WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
DROP TRIGGER ledger_entry_no_delete;
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
-- +goose StatementEnd
DROP TRIGGER day_close_no_delete;
-- +goose StatementBegin
CREATE TRIGGER day_close_no_delete BEFORE DELETE ON day_close
BEGIN SELECT RAISE(ABORT, 'a closed day stays closed'); END;
-- +goose StatementEnd
DROP TRIGGER invoice_gone_no_delete;
-- +goose StatementBegin
CREATE TRIGGER invoice_gone_no_delete BEFORE DELETE ON invoice_gone
BEGIN SELECT RAISE(ABORT, 'the place of an invoice stays'); END;
-- +goose StatementEnd
DROP TRIGGER payment_no_delete;
-- +goose StatementBegin
CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
DROP TRIGGER refund_no_delete;
-- +goose StatementBegin
CREATE TRIGGER refund_no_delete BEFORE DELETE ON refund
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
DROP TRIGGER agreement_no_delete;
-- +goose StatementBegin
CREATE TRIGGER agreement_no_delete BEFORE DELETE ON agreement
BEGIN SELECT RAISE(ABORT, 'a signed agreement is never removed'); END;
-- +goose StatementEnd
DROP TRIGGER agreement_text_no_delete;
-- +goose StatementBegin
CREATE TRIGGER agreement_text_no_delete BEFORE DELETE ON agreement_text
BEGIN SELECT RAISE(ABORT, 'a signed text is never removed'); END;
-- +goose StatementEnd
