package app

import (
	"context"
	"time"
)

// Live checks of what is promised about payments by gateways. Each counts what must not be there.

const (
	sqlProbeGatewayAccounts = `SELECT COUNT(*) FROM gateway_account WHERE clinic_id = $1 AND (agreed_text < 1 OR state = 'revoked' AND credentials IS NOT NULL)`
	sqlProbeGatewayOnce     = `SELECT COUNT(*) FROM gateway_payment g WHERE g.clinic_id = $1 AND g.payment_id IS NOT NULL AND (g.state <> 'captured' OR NOT EXISTS (SELECT 1 FROM payment p WHERE p.clinic_id = $1 AND p.id = g.payment_id AND p.amount = g.amount))`
	sqlProbeGatewayChecked  = `SELECT COUNT(*) FROM gateway_account WHERE clinic_id = $1 AND state = 'active' AND created_at < $2 AND checked_at < $2`
	sqlProbeGatewayFraud    = `SELECT COUNT(*) FROM fraud_record WHERE clinic_id = $1 AND forget_at < $2`
)

func (p probe) gatewayAccounts(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeGatewayAccounts, "payment accounts were connected without agreement, or keep keys after they were revoked")
}

func (p probe) gatewayOnce(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeGatewayOnce, "payments of a gateway are booked over another amount, or were never captured")
}

func (p probe) gatewayChecked(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeGatewayChecked, "payment accounts were not compared for three days", p.Clock.Now().Add(-72*time.Hour).UnixMicro())
}

func (p probe) gatewayFraud(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeGatewayFraud, "fraud records have outlived their time", p.Clock.Now().Add(-2*time.Hour).UnixMicro())
}
