package billing

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlEventAdd  = `INSERT INTO gateway_event (clinic_id, account_id, key, id, kind, known, news, heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (clinic_id, account_id, key) DO NOTHING`
	sqlEventGet  = `SELECT account_id, news, heard_at, done_at FROM gateway_event WHERE clinic_id = $1 AND id = $2`
	sqlEventDone = `UPDATE gateway_event SET done_at = $3 WHERE clinic_id = $1 AND id = $2 AND done_at = 0`
	sqlEventAge  = `DELETE FROM gateway_event WHERE clinic_id = $1 AND heard_at < $2`
	sqlEventOdd  = `SELECT kind, COUNT(*) FROM gateway_event WHERE clinic_id = $1 AND known = FALSE GROUP BY kind ORDER BY kind`
)

const (
	// looseFor is how long a report of a payment that no request of ours names is looked at again: it may come before our own commit.
	looseFor = 15 * time.Minute
	// keepEvents is how long a report's ids stay; a gateway repeats one for at most a week.
	keepEvents = 90 * 24 * time.Hour
)

// Hear takes a gateway's request: it checks the signature with the account's own secrets, stores what is new (ids, amounts, states; nothing else was
// read), and answers at once; the work is done by a job. A report that came before changes nothing. fault.NotFound
// when there is no such account, ErrHookForged and ErrHookUnreadable as GatewayInbound says.
func (o *Gateways) Hear(ctx context.Context, who access.Caller, provider string, one id.ID, h GatewayHook) error {
	g := o.gateways[provider]
	if g == nil {
		return fault.Missing()
	}
	var t Till
	err := o.db.View(ctx, who, access.GatewayHear, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		a, err := scanGatewayAccount(v.Row(sqlGatewayAccountGet, one))
		if err == nil && a.Provider != provider {
			err = fault.Missing()
		}
		if err == nil {
			t, err = o.till(v, a)
		}
		return err
	})
	if fault.Is(err, fault.Conflict) { // revoked
		err = fault.Missing()
	}
	if err != nil {
		return err
	}
	n, err := g.Read(t, h, clock.At(o.db.Clock().Now()))
	if err != nil {
		return err
	}
	news, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return o.change(ctx, who, access.GatewayHear, "a gateway's report waits for its work, which records itself", func(tx *store.Tx) error {
		row := tx.NewID()
		added, err := tx.Exec(sqlEventAdd, one, n.Key, row, n.Kind, n.Known, string(news), tx.Now())
		if err != nil || added == 0 {
			return err
		}
		if _, err := tx.Exec(sqlGatewayAccountHeard, one, tx.Now()); err != nil {
			return err
		}
		if !n.Known {
			_, err := tx.Exec(sqlEventDone, row, tx.Now())
			return err
		}
		return due(tx, workEvent, row, tx.Now())
	})
}

// digest does what a report asks for. It answers false when the report names nothing that we know, yet.
func (o *Gateways) digest(ctx context.Context, who access.Caller, one id.ID) (bool, error) {
	var n News
	var a GatewayAccount
	var g Gateway
	var t Till
	var at, done clock.Instant
	err := o.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		var news string
		var account id.ID
		err := v.Row(sqlEventGet, one).Scan(&account, &news, &at, &done)
		if err != nil || done > 0 {
			return gone(err)
		}
		n = News{} // a try before must not shine through
		if err := json.Unmarshal([]byte(news), &n); err != nil {
			return err
		}
		if len(n.Ask) > 0 {
			a, g, t, err = o.open(v, account)
		} else {
			a, err = scanGatewayAccount(v.Row(sqlGatewayAccountGet, account))
		}
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || err == nil && done > 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, payment := range n.Ask {
		list, err := g.Returns(ctx, t, payment)
		if err != nil {
			return false, err
		}
		n.Returns = append(n.Returns, list...)
	}
	settled := true
	err = o.change(ctx, who, access.Work, "a gateway's report; what it books records itself", func(tx *store.Tx) error {
		if settled, err = fold(tx, a, n, len(n.Ask) > 0); err != nil {
			return err
		}
		if !settled && tx.Now() < at.Add(looseFor) {
			return nil
		}
		settled = true
		_, err := tx.Exec(sqlEventDone, one, tx.Now())
		return err
	})
	return settled, err
}

// Strange counts the reports of kinds that nothing is done about, by the gateway's word.
func (o *Gateways) Strange(ctx context.Context, who access.Caller) (map[string]int64, error) {
	out := map[string]int64{}
	err := o.db.View(ctx, who, access.BillDecide, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		rows, err := v.Query(sqlEventOdd)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind string
			var n int64
			if err := rows.Scan(&kind, &n); err != nil {
				return err
			}
			out[kind] = n
		}
		return errors.Join(rows.Err())
	})
	return out, err
}
