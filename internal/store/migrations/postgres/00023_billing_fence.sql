-- What only this engine says this way: row-level security, an issued invoice and the ledger never change, a closed day takes no more money of the
-- desk, and without the module the tables take no row.

-- +goose Up
SELECT almirah_fence('billing_setting'::regclass);
SELECT almirah_fence('billing_service'::regclass);
SELECT almirah_fence('invoice_series'::regclass);
SELECT almirah_fence('invoice'::regclass);
SELECT almirah_fence('invoice_line'::regclass);
SELECT almirah_fence('invoice_tax'::regclass);
SELECT almirah_fence('payment'::regclass);
SELECT almirah_fence('refund'::regclass);
SELECT almirah_fence('ledger_entry'::regclass);
SELECT almirah_fence('day_close'::regclass);
SELECT almirah_fence('invoice_hold'::regclass);
SELECT almirah_fence('invoice_gone'::regclass);
SELECT almirah_module('billing_setting'::regclass, 'billing');
SELECT almirah_module('billing_service'::regclass, 'billing');
SELECT almirah_module('invoice_series'::regclass, 'billing');
SELECT almirah_module('invoice'::regclass, 'billing');
SELECT almirah_module('invoice_line'::regclass, 'billing');
SELECT almirah_module('invoice_tax'::regclass, 'billing');
SELECT almirah_module('payment'::regclass, 'billing');
SELECT almirah_module('refund'::regclass, 'billing');
SELECT almirah_module('ledger_entry'::regclass, 'billing');
SELECT almirah_module('day_close'::regclass, 'billing');
-- +goose StatementBegin
CREATE FUNCTION almirah_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION almirah_issued_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_at > 0 AND NOT EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = OLD.clinic_id AND g.invoice_id = OLD.id) THEN
        RAISE EXCEPTION 'an issued invoice is kept';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION almirah_issued_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE c bytea; i bytea;
BEGIN
    IF TG_OP = 'INSERT' THEN c := NEW.clinic_id; i := NEW.invoice_id; ELSE c := OLD.clinic_id; i := OLD.invoice_id; END IF;
    IF EXISTS (SELECT 1 FROM invoice x WHERE x.clinic_id = c AND x.id = i AND x.issued_at > 0)
        AND NOT (TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM invoice_gone g WHERE g.clinic_id = c AND g.invoice_id = i)) THEN
        RAISE EXCEPTION 'an issued invoice never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION almirah_open_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.source LIKE 'desk%' AND EXISTS (SELECT 1 FROM day_close d WHERE d.clinic_id = NEW.clinic_id AND d.day = NEW.day) THEN
        RAISE EXCEPTION 'the day is closed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER invoice_fixed BEFORE UPDATE OF kind, patient_id, appointment_id, corrects_id, year, number, label, day, issued_at, issued_by, keep_until, currency, scheme, tax_id, place, inclusive, discount, net, tax, rounding, total, particulars, note, created_at, created_by ON invoice FOR EACH ROW WHEN (OLD.issued_at > 0) EXECUTE FUNCTION almirah_refuse('an issued invoice never changes');
CREATE TRIGGER invoice_kept BEFORE DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION almirah_issued_kept();
CREATE TRIGGER invoice_line_fixed BEFORE INSERT OR UPDATE OR DELETE ON invoice_line FOR EACH ROW EXECUTE FUNCTION almirah_issued_line();
CREATE TRIGGER invoice_tax_fixed BEFORE INSERT OR UPDATE OR DELETE ON invoice_tax FOR EACH ROW EXECUTE FUNCTION almirah_issued_line();
CREATE TRIGGER payment_fixed BEFORE UPDATE OF source, external_id, method, amount, currency, reference, received_at, booked_at, day, taken_by ON payment FOR EACH ROW EXECUTE FUNCTION almirah_refuse('what was paid never changes');
CREATE TRIGGER refund_fixed BEFORE UPDATE OF payment_id, source, external_id, method, amount, currency, returned_at, booked_at, day, given_by ON refund FOR EACH ROW EXECUTE FUNCTION almirah_refuse('what was given back never changes');
CREATE TRIGGER ledger_entry_never BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION almirah_refuse('the ledger only grows');
CREATE TRIGGER day_close_never BEFORE UPDATE OR DELETE ON day_close FOR EACH ROW EXECUTE FUNCTION almirah_refuse('a closed day stays closed');
CREATE TRIGGER invoice_gone_never BEFORE UPDATE OR DELETE ON invoice_gone FOR EACH ROW EXECUTE FUNCTION almirah_refuse('the place of an invoice stays');
CREATE TRIGGER payment_kept BEFORE DELETE ON payment FOR EACH ROW EXECUTE FUNCTION almirah_refuse('the books are kept');
CREATE TRIGGER payment_open_day BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION almirah_open_day();
CREATE TRIGGER refund_kept BEFORE DELETE ON refund FOR EACH ROW EXECUTE FUNCTION almirah_refuse('the books are kept');
CREATE TRIGGER refund_open_day BEFORE INSERT ON refund FOR EACH ROW EXECUTE FUNCTION almirah_open_day();

-- +goose Down
DROP TRIGGER refund_open_day ON refund;
DROP TRIGGER refund_kept ON refund;
DROP TRIGGER payment_open_day ON payment;
DROP TRIGGER payment_kept ON payment;
DROP TRIGGER invoice_gone_never ON invoice_gone;
DROP TRIGGER day_close_never ON day_close;
DROP TRIGGER ledger_entry_never ON ledger_entry;
DROP TRIGGER refund_fixed ON refund;
DROP TRIGGER payment_fixed ON payment;
DROP TRIGGER invoice_tax_fixed ON invoice_tax;
DROP TRIGGER invoice_line_fixed ON invoice_line;
DROP TRIGGER invoice_kept ON invoice;
DROP TRIGGER invoice_fixed ON invoice;
DROP FUNCTION almirah_open_day();
DROP FUNCTION almirah_issued_line();
DROP FUNCTION almirah_issued_kept();
DROP FUNCTION almirah_refuse();
DROP TRIGGER module_on ON day_close;
DROP TRIGGER module_on ON ledger_entry;
DROP TRIGGER module_on ON refund;
DROP TRIGGER module_on ON payment;
DROP TRIGGER module_on ON invoice_tax;
DROP TRIGGER module_on ON invoice_line;
DROP TRIGGER module_on ON invoice;
DROP TRIGGER module_on ON invoice_series;
DROP TRIGGER module_on ON billing_service;
DROP TRIGGER module_on ON billing_setting;
DROP POLICY clinic ON invoice_gone;
ALTER TABLE invoice_gone NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_gone DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON invoice_hold;
ALTER TABLE invoice_hold NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_hold DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON day_close;
ALTER TABLE day_close NO FORCE ROW LEVEL SECURITY;
ALTER TABLE day_close DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON ledger_entry;
ALTER TABLE ledger_entry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ledger_entry DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON refund;
ALTER TABLE refund NO FORCE ROW LEVEL SECURITY;
ALTER TABLE refund DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON payment;
ALTER TABLE payment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payment DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON invoice_tax;
ALTER TABLE invoice_tax NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_tax DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON invoice_line;
ALTER TABLE invoice_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_line DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON invoice;
ALTER TABLE invoice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON invoice_series;
ALTER TABLE invoice_series NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_series DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON billing_service;
ALTER TABLE billing_service NO FORCE ROW LEVEL SECURITY;
ALTER TABLE billing_service DISABLE ROW LEVEL SECURITY;
DROP POLICY clinic ON billing_setting;
ALTER TABLE billing_setting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE billing_setting DISABLE ROW LEVEL SECURITY;
