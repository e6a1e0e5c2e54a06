-- The fences of the gateway's tables: a clinic's rows are its own, and without the module billing they take no row.

-- +goose Up
SELECT almirah_fence('gateway_account'::regclass);
SELECT almirah_fence('payment_request'::regclass);
SELECT almirah_fence('gateway_payment'::regclass);
SELECT almirah_fence('gateway_return'::regclass);
SELECT almirah_fence('gateway_event'::regclass);
SELECT almirah_fence('gateway_work'::regclass);
SELECT almirah_fence('gateway_difference'::regclass);
SELECT almirah_fence('fraud_record'::regclass);
SELECT almirah_module('gateway_account'::regclass, 'billing');
SELECT almirah_module('payment_request'::regclass, 'billing');
SELECT almirah_module('gateway_payment'::regclass, 'billing');
SELECT almirah_module('gateway_return'::regclass, 'billing');
SELECT almirah_module('gateway_event'::regclass, 'billing');
SELECT almirah_module('gateway_work'::regclass, 'billing');
SELECT almirah_module('gateway_difference'::regclass, 'billing');
SELECT almirah_module('fraud_record'::regclass, 'billing');

-- +goose Down
DROP TRIGGER module_on ON fraud_record;
DROP POLICY clinic ON fraud_record;
ALTER TABLE fraud_record NO FORCE ROW LEVEL SECURITY;
ALTER TABLE fraud_record DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_difference;
DROP POLICY clinic ON gateway_difference;
ALTER TABLE gateway_difference NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_difference DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_work;
DROP POLICY clinic ON gateway_work;
ALTER TABLE gateway_work NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_work DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_event;
DROP POLICY clinic ON gateway_event;
ALTER TABLE gateway_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_event DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_return;
DROP POLICY clinic ON gateway_return;
ALTER TABLE gateway_return NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_return DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_payment;
DROP POLICY clinic ON gateway_payment;
ALTER TABLE gateway_payment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_payment DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON payment_request;
DROP POLICY clinic ON payment_request;
ALTER TABLE payment_request NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payment_request DISABLE ROW LEVEL SECURITY;
DROP TRIGGER module_on ON gateway_account;
DROP POLICY clinic ON gateway_account;
ALTER TABLE gateway_account NO FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway_account DISABLE ROW LEVEL SECURITY;
