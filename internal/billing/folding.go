package billing

import (
	"cmp"
	"slices"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

const (
	sqlCaptureAdd = `INSERT INTO gateway_payment (clinic_id, account_id, external_id, request_id, amount, currency, state, method, code, paid_at, heard_at)
	VALUES ($1, $2, $3, $4, $5, $6, 'started', $7, '', $8, $9) ON CONFLICT (clinic_id, account_id, external_id) DO UPDATE SET heard_at = excluded.heard_at`
	captureColumns    = `external_id, request_id, amount, currency, state, method, code, paid_at, payment_id`
	sqlCaptureGet     = `SELECT ` + captureColumns + ` FROM gateway_payment WHERE clinic_id = $1 AND account_id = $2 AND external_id = $3`
	sqlCaptureSet     = `UPDATE gateway_payment SET amount = $4, currency = $5, state = $6, method = $7, code = $8 WHERE clinic_id = $1 AND account_id = $2 AND external_id = $3`
	sqlCaptureBooked  = `UPDATE gateway_payment SET payment_id = $4 WHERE clinic_id = $1 AND account_id = $2 AND external_id = $3`
	sqlCapturesOf     = `SELECT ` + captureColumns + ` FROM gateway_payment WHERE clinic_id = $1 AND request_id = $2 ORDER BY paid_at, external_id`
	sqlCapturesBooked = `SELECT ` + captureColumns + ` FROM gateway_payment WHERE clinic_id = $1 AND account_id = $2 AND paid_at >= $3 AND paid_at < $4 AND payment_id IS NOT NULL ORDER BY paid_at, external_id`
)

// Attempt is one payment as a gateway told us of it.
type Attempt struct {
	ID      string // the gateway's
	Request id.ID
	Amount  money.Amount
	State   CaptureState
	Method  string
	Code    string
	At      clock.Instant
	Payment id.ID // in the ledger; zero until it is booked
}

func scanAttempt(row scanner) (Attempt, error) {
	var a Attempt
	err := row.Scan(&a.ID, &a.Request, &a.Amount.Minor, &a.Amount.Currency, &a.State, &a.Method, &a.Code, &a.At, &a.Payment)
	return a, gone(err)
}

func attempts(v *store.View, text string, args ...any) ([]Attempt, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Attempt
	for rows.Next() {
		a, err := scanAttempt(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// fold takes what a gateway said into the books: each capture once, each refund once, in whatever order and however often it is said. asked says that
// the gateway was asked just now, so that this is the present truth; a report may be old. It answers false when something names no request of ours, or a
// payment that is not booked: it may be known later.
func fold(tx *store.Tx, a GatewayAccount, n News, asked bool) (settled bool, err error) {
	settled = true
	n = ordered(n)
	for _, p := range n.Pages {
		known, err := foldPage(tx, a, p)
		if err != nil {
			return false, err
		}
		settled = settled && known
	}
	fresh := map[string]bool{}
	for _, c := range n.Captures {
		known, booked, err := foldCapture(tx, a, c)
		if err != nil {
			return false, err
		}
		settled, fresh[c.ID] = settled && known, booked
	}
	for _, r := range n.Returns {
		if fresh[r.PaymentID] { // the ledger's rows of this Change cannot be read before its end: the refund comes with the next
			settled = false
			continue
		}
		known, err := foldReturn(tx, a, r, asked)
		if err != nil {
			return false, err
		}
		settled = settled && known
	}
	for _, d := range n.Disputes {
		at := n.At
		if asked || at == 0 {
			at = tx.Now()
		}
		if err := foldDispute(tx, a, d, at); err != nil {
			return false, err
		}
	}
	return settled, nil
}

// ordered lets two folds that run at once lock rows in the same order.
func ordered(n News) News {
	n.Captures, n.Returns = slices.Clone(n.Captures), slices.Clone(n.Returns)
	slices.SortFunc(n.Captures, func(a, b Capture) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(n.Returns, func(a, b Return) int { return cmp.Compare(a.ID, b.ID) })
	return n
}

// requestOf finds the request that a gateway's words belong to; fault.NotFound when none of ours does.
func requestOf(v *store.View, a GatewayAccount, reference, page, order string) (Request, error) {
	if one := ReadReference(reference); !one.IsZero() {
		r, err := scanRequest(v.Row(sqlRequestGet, one))
		if err == nil && r.Account != a.ID {
			err = fault.Missing()
		}
		return r, err
	}
	for _, x := range []struct{ text, key string }{{sqlRequestPage, page}, {sqlRequestOrder, order}} {
		if x.key == "" {
			continue
		}
		if r, err := scanRequest(v.Row(x.text, a.ID, x.key)); !fault.Is(err, fault.NotFound) {
			return r, err
		}
	}
	return Request{}, fault.Missing()
}

// foldPage learns the page of a request, and that it is over.
func foldPage(tx *store.Tx, a GatewayAccount, p Page) (bool, error) {
	r, err := requestOf(&tx.View, a, p.Reference, p.ID, p.OrderID)
	if fault.Is(err, fault.NotFound) {
		return ReadReference(p.Reference).IsZero(), nil // a page that somebody made in the gateway's own console is none of ours
	}
	if err != nil {
		return false, err
	}
	if p.ID != "" && (r.PageID == "" || r.OrderID == "" && p.OrderID != "") {
		if _, err := tx.Exec(sqlRequestLearned, r.ID, p.ID, p.OrderID); err != nil {
			return false, err
		}
	}
	if p.State != PageClosed || r.State != RequestAsking && r.State != RequestOpen && r.State != RequestClosing {
		return true, nil
	}
	_, err = tx.Exec(sqlRequestState, r.ID, string(RequestClosed), tx.Now())
	return true, err
}

// foldCapture takes one payment into the books; booked says that it was booked just now. Its state never goes back: a payment that was refused may be captured later, one that was captured stays so.
func foldCapture(tx *store.Tx, a GatewayAccount, c Capture) (known, booked bool, err error) {
	if c.ID == "" || c.State.Rank() == 0 {
		return true, false, nil
	}
	was, err := scanAttempt(tx.Row(sqlCaptureGet, a.ID, c.ID))
	var r Request
	switch {
	case err == nil:
		r, err = scanRequest(tx.Row(sqlRequestGet, was.Request))
	case fault.Is(err, fault.NotFound):
		if r, err = requestOf(&tx.View, a, c.Reference, c.PageID, c.OrderID); fault.Is(err, fault.NotFound) {
			return false, false, nil
		}
	}
	if err != nil {
		return false, false, err
	}
	if c.Amount <= 0 || c.Currency == "" {
		return true, false, differ(tx, a, "unreadable", c.ID, r.Amount.Minor, c.Amount, r.Amount.Currency, r.ID)
	}
	at := c.At
	if at == 0 {
		at = tx.Now()
	}
	if _, err := tx.Exec(sqlCaptureAdd, a.ID, c.ID, r.ID, c.Amount, c.Currency, c.Method, at, tx.Now()); err != nil {
		return false, false, err
	}
	// The row is locked from here on: two reports of one payment take turns.
	if was, err = scanAttempt(tx.Row(sqlCaptureGet, a.ID, c.ID)); err != nil {
		return false, false, err
	}
	if was.State == Captured {
		if c.State == Captured && was.Amount != money.Of(c.Amount, c.Currency) {
			return true, false, differ(tx, a, "amount", c.ID, was.Amount.Minor, c.Amount, was.Amount.Currency, r.ID)
		}
		return true, false, nil
	}
	now := was
	if c.State.Rank() >= was.State.Rank() {
		now.State, now.Amount, now.Method, now.Code = c.State, money.Of(c.Amount, c.Currency), cmp.Or(c.Method, was.Method), c.Code
		if _, err := tx.Exec(sqlCaptureSet, a.ID, c.ID, c.Amount, c.Currency, string(c.State), now.Method, c.Code); err != nil {
			return false, false, err
		}
	}
	if c.State == Failed {
		if err := foldRefused(tx, a, c, r, at); err != nil {
			return false, false, err
		}
	}
	if now.State != Captured {
		return true, false, nil
	}
	if r.OrderID == "" && c.OrderID != "" {
		if _, err := tx.Exec(sqlRequestLearned, r.ID, c.PageID, c.OrderID); err != nil {
			return false, false, err
		}
	}
	return true, true, book(tx, a, now, r, at)
}

// book books a captured payment, which settles its request and has requests closed that ask for what is no longer due.
func book(tx *store.Tx, a GatewayAccount, c Attempt, r Request, at clock.Instant) error {
	out, err := Receive(tx, Incoming{Source: a.source(), External: c.ID, Method: Online, Amount: c.Amount, At: at, Invoice: r.Invoice, Patient: r.Patient})
	if fault.Is(err, fault.Conflict) {
		return differ(tx, a, "amount", c.ID, r.Amount.Minor, c.Amount.Minor, c.Amount.Currency, r.ID)
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlCaptureBooked, a.ID, c.ID, out.Payment); err != nil {
		return err
	}
	if c.Amount != r.Amount {
		if err := differ(tx, a, "other-amount", c.ID, r.Amount.Minor, c.Amount.Minor, c.Amount.Currency, r.ID); err != nil {
			return err
		}
	}
	var came int64
	if err := tx.Row(sqlRequestCame, r.ID).Scan(&came); err != nil {
		return err
	}
	state := RequestPartly
	if came >= r.Amount.Minor {
		state = RequestPaid
	}
	if r.State != state && r.State != RequestPaid {
		if _, err := tx.Exec(sqlRequestState, r.ID, string(state), tx.Now()); err != nil {
			return err
		}
	}
	return Trim(tx, r.Invoice)
}

// OfInvoice is everything that a gateway has to do with an invoice, for its page.
type OfInvoice struct {
	Requests []Request
	Attempts []Attempt
	Returns  []GatewayReturn
	Accounts map[id.ID]GatewayAccount
}
