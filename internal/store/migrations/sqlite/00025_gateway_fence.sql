-- What only this engine says this way: without the module billing the gateway's tables take no row.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER gateway_account_module BEFORE INSERT ON gateway_account
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_request_module BEFORE INSERT ON payment_request
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER gateway_payment_module BEFORE INSERT ON gateway_payment
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER gateway_return_module BEFORE INSERT ON gateway_return
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER gateway_event_module BEFORE INSERT ON gateway_event
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER gateway_work_module BEFORE INSERT ON gateway_work
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER gateway_difference_module BEFORE INSERT ON gateway_difference
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER fraud_record_module BEFORE INSERT ON fraud_record
WHEN NOT EXISTS (SELECT 1 FROM clinic WHERE clinic_id = NEW.clinic_id AND ',' || modules || ',' LIKE '%,billing,%')
BEGIN SELECT RAISE(ABORT, 'the module billing is off'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER fraud_record_module;
DROP TRIGGER gateway_difference_module;
DROP TRIGGER gateway_work_module;
DROP TRIGGER gateway_event_module;
DROP TRIGGER gateway_return_module;
DROP TRIGGER gateway_payment_module;
DROP TRIGGER payment_request_module;
DROP TRIGGER gateway_account_module;
