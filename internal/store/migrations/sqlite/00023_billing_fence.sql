-- What only this engine says this way: an issued invoice and the ledger never change, a closed day takes no more money of the desk, and without the
-- module the tables take no row.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER billing_setting_module BEFORE INSERT ON billing_setting
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER billing_service_module BEFORE INSERT ON billing_service
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_series_module BEFORE INSERT ON invoice_series
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_module BEFORE INSERT ON invoice
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_module BEFORE INSERT ON invoice_line
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_module BEFORE INSERT ON invoice_tax
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_module BEFORE INSERT ON payment
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refund_module BEFORE INSERT ON refund
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_module BEFORE INSERT ON ledger_entry
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER day_close_module BEFORE INSERT ON day_close
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_fixed BEFORE UPDATE OF kind, patient_id, appointment_id, corrects_id, year, number, label, day, issued_at, issued_by, keep_until, currency, scheme, tax_id, place, inclusive, discount, net, tax, rounding, total, particulars, note, created_at, created_by ON invoice WHEN OLD.issued_at > 0
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_kept BEFORE DELETE ON invoice WHEN OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice is kept'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_insert BEFORE INSERT ON invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = NEW.clinic_id AND i.id = NEW.invoice_id AND i.issued_at > 0)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_update BEFORE UPDATE ON invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_delete BEFORE DELETE ON invoice_line WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_insert BEFORE INSERT ON invoice_tax WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = NEW.clinic_id AND i.id = NEW.invoice_id AND i.issued_at > 0)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_update BEFORE UPDATE ON invoice_tax WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_tax_delete BEFORE DELETE ON invoice_tax WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.clinic_id = OLD.clinic_id AND i.id = OLD.invoice_id AND i.issued_at > 0) AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.invoice_id)
BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_fixed BEFORE UPDATE OF source, external_id, method, amount, currency, reference, received_at, booked_at, day, taken_by ON payment
BEGIN SELECT RAISE(ABORT, 'what was paid never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refund_fixed BEFORE UPDATE OF payment_id, source, external_id, method, amount, currency, returned_at, booked_at, day, given_by ON refund
BEGIN SELECT RAISE(ABORT, 'what was given back never changes'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER day_close_no_update BEFORE UPDATE ON day_close
BEGIN SELECT RAISE(ABORT, 'a closed day stays closed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER day_close_no_delete BEFORE DELETE ON day_close
BEGIN SELECT RAISE(ABORT, 'a closed day stays closed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_gone_no_update BEFORE UPDATE ON invoice_gone
BEGIN SELECT RAISE(ABORT, 'the place of an invoice stays'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_gone_no_delete BEFORE DELETE ON invoice_gone
BEGIN SELECT RAISE(ABORT, 'the place of an invoice stays'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_open_day BEFORE INSERT ON payment WHEN NEW.source LIKE 'desk%' AND EXISTS (SELECT 1 FROM day_close d WHERE d.clinic_id = NEW.clinic_id AND d.day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'the day is closed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refund_no_delete BEFORE DELETE ON refund
BEGIN SELECT RAISE(ABORT, 'the books are kept'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refund_open_day BEFORE INSERT ON refund WHEN NEW.source LIKE 'desk%' AND EXISTS (SELECT 1 FROM day_close d WHERE d.clinic_id = NEW.clinic_id AND d.day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'the day is closed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER refund_open_day;
DROP TRIGGER refund_no_delete;
DROP TRIGGER payment_open_day;
DROP TRIGGER payment_no_delete;
DROP TRIGGER invoice_gone_no_delete;
DROP TRIGGER invoice_gone_no_update;
DROP TRIGGER day_close_no_delete;
DROP TRIGGER day_close_no_update;
DROP TRIGGER ledger_entry_no_delete;
DROP TRIGGER ledger_entry_no_update;
DROP TRIGGER refund_fixed;
DROP TRIGGER payment_fixed;
DROP TRIGGER invoice_tax_delete;
DROP TRIGGER invoice_tax_update;
DROP TRIGGER invoice_tax_insert;
DROP TRIGGER invoice_line_delete;
DROP TRIGGER invoice_line_update;
DROP TRIGGER invoice_line_insert;
DROP TRIGGER invoice_kept;
DROP TRIGGER invoice_fixed;
DROP TRIGGER day_close_module;
DROP TRIGGER ledger_entry_module;
DROP TRIGGER refund_module;
DROP TRIGGER payment_module;
DROP TRIGGER invoice_tax_module;
DROP TRIGGER invoice_line_module;
DROP TRIGGER invoice_module;
DROP TRIGGER invoice_series_module;
DROP TRIGGER billing_service_module;
DROP TRIGGER billing_setting_module;
