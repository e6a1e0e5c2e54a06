package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Live checks of what is promised about payments by gateways. Each counts what must not be there.

const (
	sqlProbeGatewayAccounts = `SELECT COUNT(*) FROM gateway_account WHERE clinic_id = $1 AND (agreed_text < 1 OR state = 'revoked' AND credentials IS NOT NULL)`
	sqlProbeGatewayOnce     = `SELECT COUNT(*) FROM gateway_payment g WHERE g.clinic_id = $1 AND g.payment_id IS NOT NULL AND (g.state <> 'captured' OR NOT EXISTS (SELECT 1 FROM payment p WHERE p.clinic_id = $1 AND p.id = g.payment_id AND p.amount = g.amount))`
	sqlProbeGatewayChecked  = `SELECT COUNT(*) FROM gateway_account WHERE clinic_id = $1 AND state = 'active' AND created_at < $2 AND checked_at < $2`
	sqlProbeGatewayFraud    = `SELECT COUNT(*) FROM fraud_record WHERE clinic_id = $1 AND (forget_at < $2 OR kind = 'refused' AND forget_at > at + 15638400000000 OR kind = 'dispute' AND forget_at > changed_at + 63158400000000)`
	sqlProbeGatewayLive     = `SELECT id, provider FROM gateway_account WHERE clinic_id = $1 AND state <> 'revoked' LIMIT 10`
	sqlProbeGatewayUnasked  = `SELECT COUNT(*) FROM payment p WHERE p.clinic_id = $1 AND p.method = 'online' AND NOT EXISTS (SELECT 1 FROM gateway_payment g WHERE g.clinic_id = $1 AND g.payment_id = p.id)`
	sqlProbeGatewayWords    = `SELECT external_id || ' ' || method || ' ' || code FROM gateway_payment WHERE clinic_id = $1 UNION ALL SELECT external_id || ' ' || payment || ' ' || code FROM gateway_return WHERE clinic_id = $1
		UNION ALL SELECT external_id || ' ' || payment || ' ' || reason FROM fraud_record WHERE clinic_id = $1 UNION ALL SELECT page_id || ' ' || order_id FROM payment_request WHERE clinic_id = $1 UNION ALL SELECT news FROM gateway_event WHERE clinic_id = $1 LIMIT 5000`
)

// ofCards are parts of the names of columns that would have room for a card or a payer; gateway_account.last4 is of the clinic's own key.
var ofCards = []string{"card", "pan", "cvv", "cvc", "expiry", "holder", "payer", "vpa", "email", "phone", "contact", "address"}

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
	return p.none(ctx, sqlProbeGatewayFraud, "fraud records have outlived their time, or are to stay for longer than is promised", p.Clock.Now().Add(-2*time.Hour).UnixMicro())
}

// gatewaySigned brings each account reports that nobody signed, and looks for payments that no gateway told of.
func (p probe) gatewaySigned(ctx context.Context) (string, error) {
	doors := map[string]string{}
	err := p.each(ctx, func(v *store.View, clinic id.ID) error {
		rows, err := v.Query(sqlProbeGatewayLive)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one id.ID
			var provider string
			if err := rows.Scan(&one, &provider); err != nil {
				return err
			}
			doors["/hooks/"+provider+"/"+messaging.HookPath(clinic, one)] = provider
		}
		return rows.Err()
	})
	if err != nil {
		return "", err
	}
	none := strings.Repeat("0", 64)
	for door, provider := range doors {
		for _, head := range []map[string]string{nil, {"X-Razorpay-Signature": none, "Stripe-Signature": fmt.Sprintf("t=%d,v1=%s", p.Clock.Now().Unix(), none), "X-Demo-Signature": none}} {
			a, err := p.ask(ctx, http.MethodPost, door, head)
			if err != nil {
				return "", err
			}
			if a.status != http.StatusForbidden && a.status != http.StatusNotFound { // not found: the module was turned off, or the gateway is not offered any more
				return "", fmt.Errorf("a report to an account at %s that nobody signed was answered with %d", provider, a.status)
			}
		}
	}
	if _, err := p.none(ctx, sqlProbeGatewayUnasked, "online payments are booked of which no gateway told"); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d accounts refuse reports that nobody signed, and every online payment is one that its gateway told of", len(doors)), nil
}

// gatewayCards looks through the tables of gateways for room for a card, and through what they hold for the number of one.
func (p probe) gatewayCards(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	for _, table := range []string{"payment_request", "gateway_payment", "gateway_return", "gateway_event", "gateway_difference", "fraud_record"} {
		if len(schema[table]) == 0 {
			return "", fmt.Errorf("there is no table %s", table)
		}
		for _, c := range schema[table] {
			for _, part := range ofCards {
				if strings.Contains(c, part) {
					return "", fmt.Errorf("there is a column %s.%s", table, c)
				}
			}
		}
	}
	looked := 0
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeGatewayWords)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var words string
			if err := rows.Scan(&words); err != nil {
				return err
			}
			if looked++; contact.HasCard(words) {
				return fmt.Errorf("a gateway's word holds what could be the number of a card")
			}
		}
		return rows.Err()
	})
	return fmt.Sprintf("no column has room for a card or a payer, and none of %d rows holds a number", looked), err
}
