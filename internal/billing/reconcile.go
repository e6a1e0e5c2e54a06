package billing

import (
	"context"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	sqlDifferenceAdd = `INSERT INTO gateway_difference (clinic_id, account_id, kind, external_id, id, ours, theirs, currency, request_id, found_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (clinic_id, account_id, kind, external_id) DO NOTHING`
	differenceColumns = `id, account_id, kind, external_id, ours, theirs, currency, request_id, found_at`
	sqlDifferenceList = `SELECT ` + differenceColumns + ` FROM gateway_difference WHERE clinic_id = $1 AND settled_at = 0 ORDER BY found_at DESC, id LIMIT 500`
	sqlDifferenceDone = `UPDATE gateway_difference SET settled_at = $3, settled_by = $4 WHERE clinic_id = $1 AND id = $2 AND settled_at = 0`
	sqlDifferenceOpen = `SELECT COUNT(*) FROM gateway_difference WHERE clinic_id = $1 AND settled_at = 0`
	sqlDifferenceAge  = `DELETE FROM gateway_difference WHERE clinic_id = $1 AND settled_at > 0 AND settled_at < $2`
)

// Difference is where the gateway's books and ours do not agree, until somebody settled it.
type Difference struct {
	ID, Account, Request id.ID
	Kind                 string // a word of the catalogue: bills.difference.<kind>
	External             string // the gateway's id of the payment or the refund
	Ours, Theirs         int64  // minor units
	Currency             string
	FoundAt              clock.Instant
}

// differ lists a difference, once.
func differ(tx *store.Tx, a GatewayAccount, kind, external string, ours, theirs int64, currency string, request id.ID) error {
	one := tx.NewID()
	n, err := tx.Exec(sqlDifferenceAdd, a.ID, kind, external, one, ours, theirs, currency, id.Null(request), tx.Now())
	if n > 0 {
		tx.Record(audit.Note{Action: "differ", Kind: "gateway_difference", Subject: one, New: map[string]any{"kind": kind, "ours": ours, "theirs": theirs}})
	}
	return err
}

// Differences lists what nobody settled yet, and the accounts with the moments at which they were compared.
func (o *Gateways) Differences(ctx context.Context, who access.Caller) ([]Difference, []GatewayAccount, error) {
	var out []Difference
	var accounts []GatewayAccount
	err := o.db.View(ctx, who, access.BillDecide, func(_ context.Context, v *store.View) error {
		out = nil
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		var err error
		if accounts, err = gatewayAccounts(v); err != nil {
			return err
		}
		rows, err := v.Query(sqlDifferenceList)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d Difference
			if err := rows.Scan(&d.ID, &d.Account, &d.Kind, &d.External, &d.Ours, &d.Theirs, &d.Currency, &d.Request, &d.FoundAt); err != nil {
				return err
			}
			out = append(out, d)
		}
		return rows.Err()
	})
	return out, accounts, err
}

// Settle strikes a difference off that somebody looked after. fault.NotFound when it is not there any more.
func (o *Gateways) Settle(ctx context.Context, who access.Caller, one id.ID) error {
	return o.db.Change(ctx, who, access.BillDecide, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleBilling); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "settle", Kind: "gateway_difference", Subject: one})
		return tx.Must(sqlDifferenceDone, one, tx.Now(), who.Actor())
	})
}

const (
	checkBack = 4 * 24 * time.Hour // how far back the books are compared: banks answer late
	checkYet  = 5 * time.Minute    // what is younger is still under way
)

// Check compares the books of an account now, for whoever asks on the page. The errors of Trouble.
func (o *Gateways) Check(ctx context.Context, who access.Caller, one id.ID) error {
	return o.compare(ctx, who, access.BillDecide, one)
}

// check is the nightly comparison of one account. A night in which it cannot be made does not end it: the next one follows, until the account is revoked.
func (o *Gateways) check(ctx context.Context, who access.Caller, one id.ID) (time.Duration, error) {
	if err := o.compare(ctx, who, access.Work, one); fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		o.log.Warn("the books of a gateway cannot be compared tonight", "subject", one.String(), "fault", string(fault.KindOf(err)))
	} else if err != nil {
		return 0, err
	}
	return o.night(ctx, who, access.Work, call{kind: workCheck, subject: one})
}

// compare holds the gateway's statement of the last days beside our books. What only the gateway has and belongs to a request of ours is booked and listed as mended; whatever
// else differs is listed for a person. fault.Conflict when the account's keys are gone.
func (o *Gateways) compare(ctx context.Context, who access.Caller, right access.Right, one id.ID) error {
	var a GatewayAccount
	var g Gateway
	var t Till
	var from, to clock.Instant
	var clinic clinics.Clinic
	err := o.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		var err error
		if clinic, err = clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		from, to = v.Now().Add(-checkBack), v.Now().Add(-checkYet)
		a, g, t, err = o.open(v, one)
		return err
	})
	if err != nil {
		return err
	}
	s, err := g.Statement(ctx, t, from, to)
	if err != nil {
		return err
	}
	var missing []Attempt
	err = o.change(ctx, who, right, "the books of a gateway are compared; what is found records itself", func(tx *store.Tx) error {
		missing = nil
		theirs := map[string]bool{}
		for _, c := range s.Captures {
			theirs[c.ID] = true
			if err := o.compareCapture(tx, a, c); err != nil {
				return err
			}
		}
		// An hour at each end: two clocks need not agree.
		ours, err := attempts(&tx.View, sqlCapturesBooked, a.ID, from.Add(time.Hour), to.Add(-time.Hour))
		for _, c := range ours {
			if !theirs[c.ID] {
				missing = append(missing, c)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	// Refunds by themselves: what was booked a moment ago has to be there.
	err = o.change(ctx, who, right, "the books of a gateway are compared; what is found records itself", func(tx *store.Tx) error {
		back := map[string]bool{}
		for _, r := range s.Returns {
			back[r.ID] = true
			if err := o.compareReturn(tx, a, r); err != nil {
				return err
			}
		}
		if _, err := fold(tx, a, News{Disputes: s.Disputes}, true); err != nil {
			return err
		}
		given, err := returns(&tx.View, sqlReturnsBooked, a.ID, from.Add(time.Hour), to.Add(-time.Hour))
		if err != nil {
			return err
		}
		for _, r := range given {
			if !back[r.External] && r.State == ReturnProcessed {
				if err := due(tx, workReturn, r.ID, tx.Now()); err != nil {
					return err
				}
				if err := differ(tx, a, "refund-not-there", r.External, r.Amount.Minor, 0, r.Amount.Currency, id.Zero); err != nil {
					return err
				}
			}
		}
		if right != access.Work {
			tx.Record(audit.Note{Action: "compare", Kind: "gateway_account", Subject: a.ID})
			if err := due(tx, workCheck, a.ID, nextNight(tx.Now(), clinic)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(sqlGatewayAccountCheck, a.ID, tx.Now(), int64(len(s.Captures)+len(s.Returns)))
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range missing { // a list may leave something out: the page itself is asked about before anything is said
		if err := o.confirm(ctx, who, right, a, g, t, c); err != nil {
			return err
		}
	}
	return nil
}

// compareCapture holds one payment of the gateway's beside ours.
func (o *Gateways) compareCapture(tx *store.Tx, a GatewayAccount, c Capture) error {
	if c.State != Captured {
		_, _, err := foldCapture(tx, a, c)
		return err
	}
	was, err := scanAttempt(tx.Row(sqlCaptureGet, a.ID, c.ID))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	booked := err == nil && !was.Payment.IsZero()
	known, _, err := foldCapture(tx, a, c)
	switch {
	case err != nil:
		return err
	case !known:
		return differ(tx, a, "not-ours", c.ID, 0, c.Amount, c.Currency, id.Zero)
	case booked:
		return nil
	}
	now, err := scanAttempt(tx.Row(sqlCaptureGet, a.ID, c.ID))
	if err != nil || now.Payment.IsZero() {
		return err
	}
	return differ(tx, a, "mended", c.ID, 0, c.Amount, c.Currency, now.Request)
}

// compareReturn holds one refund of the gateway's beside ours.
func (o *Gateways) compareReturn(tx *store.Tx, a GatewayAccount, r Return) error {
	was, err := scanReturn(tx.Row(sqlReturnExternal, a.ID, r.ID))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	booked := err == nil && !was.Refund.IsZero()
	known, err := foldReturn(tx, a, r, true)
	switch {
	case err != nil:
		return err
	case !known:
		return differ(tx, a, "refund-not-ours", r.ID, 0, r.Amount, r.Currency, id.Zero)
	case booked || r.State != ReturnProcessed:
		return nil
	}
	now, err := scanReturn(tx.Row(sqlReturnExternal, a.ID, r.ID))
	if err != nil || now.Refund.IsZero() {
		return err
	}
	return differ(tx, a, "refund-mended", r.ID, 0, r.Amount, now.Amount.Currency, id.Zero)
}

// confirm asks about the page of a payment that the gateway's list left out.
func (o *Gateways) confirm(ctx context.Context, who access.Caller, right access.Right, a GatewayAccount, g Gateway, t Till, c Attempt) error {
	var r Request
	err := o.db.View(ctx, who, right, func(_ context.Context, v *store.View) (err error) {
		r, err = scanRequest(v.Row(sqlRequestGet, c.Request))
		return err
	})
	if err != nil {
		return err
	}
	s, err := g.Look(ctx, t, r.PageID, Reference(r.ID))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	for _, x := range s.Captures {
		if x.ID == c.ID && x.State == Captured {
			return nil
		}
	}
	return o.change(ctx, who, right, "a payment that the gateway does not know", func(tx *store.Tx) error {
		return differ(tx, a, "not-there", c.ID, c.Amount.Minor, 0, c.Amount.Currency, c.Request)
	})
}
