-- An invoice that was issued is never changed or removed.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION almirah_invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'an invoice is never changed or removed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER subscription_invoice_never BEFORE UPDATE OR DELETE ON subscription_invoice FOR EACH ROW EXECUTE FUNCTION almirah_invoice_stays();

-- +goose Down
DROP TRIGGER subscription_invoice_never ON subscription_invoice;
DROP FUNCTION almirah_invoice_stays();
