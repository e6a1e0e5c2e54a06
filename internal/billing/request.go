package billing

import (
	"context"
	"errors"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// RequestState is how a payment that was asked for stands.
type RequestState string

// The states of a request.
const (
	RequestAsking  RequestState = "asking"  // the gateway is asked for a page; the row is there first
	RequestOpen    RequestState = "open"    // somebody can pay
	RequestClosing RequestState = "closing" // the bill changed: the gateway is told to close the page
	RequestPartly  RequestState = "partly"  // some of it came
	RequestPaid    RequestState = "paid"
	RequestClosed  RequestState = "closed"
)

// pageLasts is how long a payment page can be paid on: Stripe allows a day at the most.
const pageLasts = 23 * time.Hour

// Request is one payment that somebody was asked for.
type Request struct {
	ID, Account, Invoice, Patient id.ID
	Provider                      string // filled in where a page shows it
	Amount                        money.Amount
	State                         RequestState
	PageID, OrderID               string
	URL                           string // of the gateway's page; empty until it is there, and when it is over
	ExpiresAt, AskedAt, StateAt   clock.Instant
	Version                       int64
	sealed                        []byte
}

const (
	requestColumns = `id, account_id, invoice_id, patient_id, amount, currency, state, page_id, order_id, url, expires_at, asked_at, state_at, version`

	sqlRequestAdd = `INSERT INTO payment_request (clinic_id, id, account_id, invoice_id, patient_id, amount, currency, state, expires_at, asked_at, state_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 'asking', $8, $9, $9) ON CONFLICT DO NOTHING`
	sqlRequestGet     = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND id = $2`
	sqlRequestOpen    = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND invoice_id = $2 AND state IN ('asking', 'open')`
	sqlRequestsOf     = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND invoice_id = $2 ORDER BY asked_at, id`
	sqlRequestsLive   = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND account_id = $2 AND state IN ('asking', 'open', 'closing', 'partly') ORDER BY asked_at, id`
	sqlRequestPage    = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND account_id = $2 AND page_id = $3 AND page_id <> ''`
	sqlRequestOrder   = `SELECT ` + requestColumns + ` FROM payment_request WHERE clinic_id = $1 AND account_id = $2 AND order_id = $3 AND order_id <> ''`
	sqlRequestLock    = `UPDATE payment_request SET version = version + 1 WHERE clinic_id = $1 AND id = $2`
	sqlRequestOpened  = `UPDATE payment_request SET state = 'open', page_id = $3, order_id = $4, url = $5, state_at = $6 WHERE clinic_id = $1 AND id = $2 AND state = 'asking'`
	sqlRequestLearned = `UPDATE payment_request SET page_id = CASE WHEN page_id = '' THEN $3 ELSE page_id END, order_id = CASE WHEN order_id = '' THEN $4 ELSE order_id END WHERE clinic_id = $1 AND id = $2`
	sqlRequestState   = `UPDATE payment_request SET state = $3, state_at = $4, url = CASE WHEN $3 = 'open' THEN url ELSE NULL END WHERE clinic_id = $1 AND id = $2`
	sqlRequestEndAll  = `UPDATE payment_request SET state = 'closed', state_at = $3, url = NULL WHERE clinic_id = $1 AND account_id = $2 AND state IN ('asking', 'open', 'closing')`
	sqlRequestCame    = `SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM gateway_payment WHERE clinic_id = $1 AND request_id = $2 AND state = 'captured'`
	sqlRequestsErase  = `UPDATE payment_request SET patient_id = NULL, url = NULL WHERE clinic_id = $1 AND patient_id = $2`
)

func scanRequest(row scanner) (Request, error) {
	var r Request
	err := row.Scan(&r.ID, &r.Account, &r.Invoice, &r.Patient, &r.Amount.Minor, &r.Amount.Currency, &r.State, &r.PageID, &r.OrderID, &r.sealed, &r.ExpiresAt, &r.AskedAt, &r.StateAt, &r.Version)
	return r, gone(err)
}

func requests(v *store.View, text string, args ...any) ([]Request, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (o *Gateways) openRequests(v *store.View, account id.ID) ([]Request, error) {
	return requests(v, sqlRequestsLive, account)
}

// whoAsks is the right by which somebody asks for a payment: a patient for her own bill, the desk for any.
func whoAsks(who access.Caller) access.Right {
	if who.Role() == access.Patient {
		return access.OwnChange
	}
	return access.BillIssue
}

// hers refuses a patient what is another's.
func hers(who access.Caller, patient id.ID) error {
	if who.Role() == access.Patient && (patient.IsZero() || patient != who.Patient()) {
		return fault.Missing()
	}
	return nil
}

// Ask asks a gateway for a page on which all that is due of an invoice can be paid, or answers the one that is open. The row is there before the gateway is called, so that a
// report that comes first, or a crash, finds it. fault.Conflict when nothing is due or no account takes payments; the errors of Trouble.
func (o *Gateways) Ask(ctx context.Context, who access.Caller, invoice id.ID, back func(request id.ID) string) (Request, error) {
	right := whoAsks(who)
	o.fresh()
	var r Request
	var g Gateway
	var t Till
	var ask Ask
	err := o.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		d, err := OpenInvoice(&tx.View, invoice)
		if err == nil {
			err = hers(who, d.Patient)
		}
		if err != nil {
			return err
		}
		if d.Due.Minor <= 0 {
			return fault.New(fault.Conflict, "fault.pay.nothing")
		}
		a, err := scanGatewayAccount(tx.Row(sqlGatewayAccountUsed))
		if err == nil && o.gateways[a.Provider] == nil {
			err = fault.Missing()
		}
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Conflict, "fault.pay.none")
		}
		if err != nil {
			return err
		}
		if g = o.gateways[a.Provider]; g == nil {
			return fault.New(fault.Conflict, "fault.pay.none")
		}
		if err := o.allows(c, a.Provider); err != nil {
			return err
		}
		if t, err = o.till(&tx.View, a); err != nil {
			return err
		}
		if r, err = o.oneOpen(tx, a, d); err != nil {
			return err
		}
		if err := o.agreed(tx, d.Patient, a.Provider, r.ID); err != nil {
			return err
		}
		r.Provider = a.Provider
		ask = Ask{Reference: Reference(r.ID), Amount: r.Amount.Minor, Currency: r.Amount.Currency, Description: d.Label + " · " + c.Name, ExpiresAt: r.ExpiresAt, ReturnURL: back(r.ID)}
		return nil
	})
	if err != nil || r.State == RequestOpen {
		return r, err
	}
	page, err := g.Open(ctx, t, ask)
	if err != nil {
		if code, ok := refusedKeys(err); ok {
			err = errors.Join(err, o.change(ctx, who, right, "an account whose keys are refused", func(tx *store.Tx) error { return pause(tx, t.ID, code) }))
		}
		return Request{}, err
	}
	err = o.change(ctx, who, right, "the gateway's page of a request; the request is recorded", func(tx *store.Tx) error {
		var err error
		r, err = o.opened(tx, r.ID, page)
		return err
	})
	r.Provider = t.Provider
	return r, err
}

// change is a Change that writes house-keeping, and records itself where it books money.
func (o *Gateways) change(ctx context.Context, who access.Caller, right access.Right, why string, fn func(tx *store.Tx) error) error {
	return o.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping(why)
		return fn(tx)
	})
}

// oneOpen is the open request of an invoice, over what is due now. One over another amount is closed first.
func (o *Gateways) oneOpen(tx *store.Tx, a GatewayAccount, d Asked) (Request, error) {
	there, err := patients.Hold(tx, d.Patient) // an erasure that comes now finds the row, or we find her gone
	if err != nil {
		return Request{}, err
	}
	if !there { // her bill can still be paid, and names nobody
		d.Patient = id.Zero
	}
	for range 3 {
		r, err := scanRequest(tx.Row(sqlRequestOpen, d.Invoice))
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return r, err
		case r.Account == a.ID && r.Amount == d.Due && r.ExpiresAt > tx.Now().Add(35*time.Minute) && (r.State == RequestAsking || len(r.sealed) > 0): // the address goes when its patient is erased
			tx.Record(audit.Note{Action: "ask", Kind: "payment_request", Subject: r.ID, Patient: d.Patient})
			return r, o.unseal(&tx.View, &r)
		default:
			if err := retire(tx, r); err != nil {
				return r, err
			}
		}
		// The moment is of whole seconds: it is sent to the gateway, and the same request must stay the same.
		expires := clock.At(tx.Now().Time().Truncate(time.Second).Add(pageLasts))
		r = Request{ID: tx.NewID(), Account: a.ID, Invoice: d.Invoice, Patient: d.Patient, Amount: d.Due, State: RequestAsking, ExpiresAt: expires, AskedAt: tx.Now(), StateAt: tx.Now(), Version: 1}
		n, err := tx.Exec(sqlRequestAdd, r.ID, a.ID, d.Invoice, id.Null(d.Patient), d.Due.Minor, d.Due.Currency, expires, tx.Now())
		if err != nil {
			return r, err
		}
		if n == 1 {
			tx.Record(audit.Note{Action: "ask", Kind: "payment_request", Subject: r.ID, Patient: d.Patient, New: map[string]any{"invoice": d.Invoice, "amount": d.Due.Minor, "currency": d.Due.Currency}})
			return r, due(tx, workLook, r.ID, tx.Now().Add(lookAfter))
		}
	}
	return Request{}, fault.New(fault.Conflict, "fault.changed_meanwhile")
}

func (o *Gateways) unseal(v *store.View, r *Request) error {
	if r.State != RequestOpen {
		return nil
	}
	text, err := v.Unseal(vault.ClinicData, "payment_request", "url", r.ID, r.sealed)
	r.URL = text
	return err
}

// opened keeps the gateway's page. One that was closed meanwhile is closed at the gateway as well.
func (o *Gateways) opened(tx *store.Tx, one id.ID, p Page) (Request, error) {
	sealed, err := tx.Seal(vault.ClinicData, "payment_request", "url", one, p.URL)
	if err != nil {
		return Request{}, err
	}
	n, err := tx.Exec(sqlRequestOpened, one, p.ID, p.OrderID, sealed, tx.Now())
	if err != nil {
		return Request{}, err
	}
	r, err := scanRequest(tx.Row(sqlRequestGet, one))
	if err != nil {
		return r, err
	}
	if n == 0 && (r.State == RequestClosing || r.State == RequestClosed) {
		if _, err := tx.Exec(sqlRequestLearned, one, p.ID, p.OrderID); err != nil {
			return r, err
		}
		return r, due(tx, workClose, one, tx.Now())
	}
	return r, o.unseal(&tx.View, &r)
}

// retire has a request closed at the gateway: the bill changed, or another page took its place.
func retire(tx *store.Tx, r Request) error {
	if _, err := tx.Exec(sqlRequestState, r.ID, string(RequestClosing), tx.Now()); err != nil {
		return err
	}
	return due(tx, workClose, r.ID, tx.Now())
}

// trim has the open request of an invoice closed when it asks for something else than is due: after a payment, a credit note, a refund.
func trim(tx *store.Tx, d Document) error {
	r, err := scanRequest(tx.Row(sqlRequestOpen, d.ID))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || r.Amount == money.Of(d.Due(), d.Currency) {
		return err
	}
	return retire(tx, r)
}

// RequestOf is a request as its patient, or the desk, sees it. fault.NotFound for another's.
func (o *Gateways) RequestOf(ctx context.Context, who access.Caller, one id.ID) (Request, Asked, error) {
	var r Request
	var d Asked
	err := o.db.View(ctx, who, whoAsks(who), func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		var err error
		if r, err = scanRequest(v.Row(sqlRequestGet, one)); err != nil {
			return err
		}
		if err := hers(who, r.Patient); err != nil {
			return err
		}
		a, err := scanGatewayAccount(v.Row(sqlGatewayAccountGet, r.Account))
		if err != nil {
			return err
		}
		r.Provider = a.Provider
		if d, err = OpenInvoice(v, r.Invoice); err != nil {
			return err
		}
		v.Opened("payment_request", one, r.Patient)
		return o.unseal(v, &r)
	})
	return r, d, err
}

// CanPay says whether the clinic takes payments by a gateway now.
func (o *Gateways) CanPay(ctx context.Context, who access.Caller) (bool, error) {
	online := false
	err := o.db.View(ctx, who, whoAsks(who), func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleBilling); err != nil {
			return err
		}
		a, err := scanGatewayAccount(v.Row(sqlGatewayAccountUsed))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		online = err == nil && o.gateways[a.Provider] != nil
		return err
	})
	return online, err
}

// Landed is what a browser is told that comes back from a gateway's page: whether the money is there. Whoever has the request's id, which nobody can
// guess, learns that and nothing else; the gateway is asked, and what the browser brings along is not read. The errors of Trouble when it does not answer.
func (o *Gateways) Landed(ctx context.Context, who access.Caller, one id.ID) (RequestState, error) {
	var r Request
	read := func() error {
		return o.db.View(ctx, who, access.GatewayHear, func(_ context.Context, v *store.View) error {
			_, err := clinics.Must(v, clinics.ModuleBilling)
			if err == nil {
				r, err = scanRequest(v.Row(sqlRequestGet, one))
			}
			return err
		})
	}
	if err := read(); err != nil || r.State == RequestPaid || r.State == RequestClosed {
		return r.State, err
	}
	if _, err := o.look(ctx, who, access.GatewayHear, one); err != nil {
		return r.State, err
	}
	return r.State, read()
}

// OfInvoice is everything that gateways have to do with an invoice.
type OfInvoice struct {
	Requests []Request // the newest first; the open one with its address
	Attempts []Attempt
	Returns  []GatewayReturn
	Accounts map[id.ID]GatewayAccount
	Ready    bool   // an account takes payments now
	Barred   string // why the desk may not ask for one, as the key of a fault; empty when it may
}

// OfInvoice reads what gateways have to do with an invoice, for its page.
func (o *Gateways) OfInvoice(ctx context.Context, who access.Caller, invoice id.ID) (OfInvoice, error) {
	out := OfInvoice{}
	err := o.db.View(ctx, who, access.BillRead, func(_ context.Context, v *store.View) error {
		out = OfInvoice{Accounts: map[id.ID]GatewayAccount{}}
		c, err := clinics.Must(v, clinics.ModuleBilling)
		if err != nil {
			return err
		}
		used, err := scanGatewayAccount(v.Row(sqlGatewayAccountUsed))
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if out.Ready = err == nil && o.gateways[used.Provider] != nil; out.Ready {
			d, err := head(v, invoice)
			if err != nil {
				return err
			}
			if out.Barred, err = o.barred(v, c, d.Patient, used.Provider); err != nil {
				return err
			}
		}
		if out.Requests, err = requests(v, sqlRequestsOf, invoice); err != nil {
			return err
		}
		slices.Reverse(out.Requests)
		for i := range out.Requests {
			r := &out.Requests[i]
			a, known := out.Accounts[r.Account]
			if !known {
				if a, err = scanGatewayAccount(v.Row(sqlGatewayAccountGet, r.Account)); err != nil {
					return err
				}
				out.Accounts[a.ID] = a
			}
			r.Provider = a.Provider
			if err := o.unseal(v, r); err != nil {
				return err
			}
			tried, err := attempts(v, sqlCapturesOf, r.ID)
			if err != nil {
				return err
			}
			for _, t := range tried {
				back, err := returns(v, sqlReturnsOf, a.ID, t.ID)
				if err != nil {
					return err
				}
				out.Returns = append(out.Returns, back...)
			}
			out.Attempts = append(out.Attempts, tried...)
		}
		return nil
	})
	return out, err
}
