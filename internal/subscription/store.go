package subscription

import (
	"encoding/json"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/store"
)

const (
	sqlOpened   = `SELECT opened_at FROM clinic_route WHERE clinic_id = $1 AND opened_at > 0`
	sqlHeldGet  = `SELECT plan, term, trial_until, paid_until, told, version, COALESCE((SELECT writes_until FROM standing WHERE clinic_id = $1), 0) FROM subscription WHERE clinic_id = $1`
	sqlHeldAdd  = `INSERT INTO subscription (clinic_id, trial_until) VALUES ($1, $2) ON CONFLICT (clinic_id) DO NOTHING`
	sqlHeldPay  = `UPDATE subscription SET plan = $1, term = $2, paid_until = $3, told = 0, version = version + 1 WHERE version = $4 AND clinic_id = $5`
	sqlHeldTold = `UPDATE subscription SET told = $1, version = version + 1 WHERE version = $2 AND clinic_id = $3`

	sqlPaymentAdd  = `INSERT INTO subscription_payment (id, clinic_id, plan, term, currency, amount, state, made_at) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)`
	sqlPaymentPage = `UPDATE subscription_payment SET page = $3, url = $4 WHERE id = $1 AND clinic_id = $2 AND state = 'open'`
	sqlPaymentEnd  = `UPDATE subscription_payment SET state = $3, code = $4, settled_at = $5, url = '' WHERE id = $1 AND clinic_id = $2 AND state <> 'paid'`
	sqlPaymentFail = `UPDATE subscription_payment SET code = $3 WHERE id = $1 AND clinic_id = $2 AND state = 'open' AND code <> $3`
	sqlPayments    = `SELECT id, plan, term, currency, amount, page, url, state, code, made_at, settled_at FROM subscription_payment WHERE clinic_id = $1 ORDER BY made_at DESC, id DESC LIMIT 100`

	sqlSeriesTake = `INSERT INTO subscription_series (series, last) VALUES ($1, 1) ON CONFLICT (series) DO UPDATE SET last = subscription_series.last + 1`
	sqlSeriesLast = `SELECT last FROM subscription_series WHERE series = $1`
	sqlInvoiceAdd = `INSERT INTO subscription_invoice (series, number, clinic_id, payment_id, buyer, seller, plan, term, from_at, until_at, currency, net, tax, total, taxes, issued_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	sqlInvoices = `SELECT series, number, payment_id, buyer, seller, plan, term, from_at, until_at, currency, net, tax, total, taxes, issued_at FROM subscription_invoice
	WHERE clinic_id = $1 ORDER BY issued_at DESC, number DESC LIMIT 100`
)

// Payment is one try to pay for a plan. There is no field for a card, and the gateway's words are tokens (promise H3).
type Payment struct {
	ID         id.ID
	Plan, Term string
	Currency   string
	Amount     int64
	URL        string // where it is paid; empty once that is over
	State      string // "open", "paid", "closed"
	Code       string // the payment company's word for why it was refused last; empty for none
	MadeAt     clock.Instant
	SettledAt  clock.Instant

	page string
}

// Invoice is one invoice of whoever runs the installation. It never changes.
type Invoice struct {
	Series          string
	Number          int64
	Payment         id.ID
	Buyer           Buyer
	Seller          Seller
	Plan, Term      string
	From, Until     clock.Instant
	Currency        string
	Net, Tax, Total int64
	Taxes           []money.TaxLine
	IssuedAt        clock.Instant
}

// held reads a clinic's subscription and begins its trial when it has none yet: from the day on which the clinic was opened.
func (s *Service) held(p *store.Platform, clinic id.ID) (Held, error) {
	h := Held{Clinic: clinic}
	read := func() error {
		return p.Row(sqlHeldGet, clinic).Scan(&h.Plan, &h.Term, &h.TrialUntil, &h.PaidUntil, &h.told, &h.version, &h.stands)
	}
	err := read()
	if err != store.ErrNoRows {
		return h, err
	}
	var opened clock.Instant
	if err = p.Row(sqlOpened, clinic).Scan(&opened); err == store.ErrNoRows {
		return h, fault.Missing()
	}
	if err != nil {
		return h, err
	}
	// A clinic that was here before whoever runs the installation asked for a fee has its whole trial ahead.
	begin := opened
	if begin.Add(s.terms.Trial) < p.Now() {
		begin = p.Now()
	}
	if _, err = p.Exec(sqlHeldAdd, clinic, begin.Add(s.terms.Trial)); err != nil {
		return h, err
	}
	if err = read(); err != nil {
		return h, err
	}
	return h, s.writes(p, &h)
}

// writes has the doorway keep the moment at which the clinic becomes read-only: also when the terms allow it more time than they did.
func (s *Service) writes(p *store.Platform, h *Held) error {
	until := h.WritesUntil(s.terms)
	if until == h.stands {
		return nil
	}
	h.stands = until
	return p.WritesUntil(h.Clinic, until)
}

func payments(p *store.Platform, clinic id.ID) ([]Payment, error) {
	rows, err := p.Query(sqlPayments, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Payment
	for rows.Next() {
		var x Payment
		if err := rows.Scan(&x.ID, &x.Plan, &x.Term, &x.Currency, &x.Amount, &x.page, &x.URL, &x.State, &x.Code, &x.MadeAt, &x.SettledAt); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

func invoices(p *store.Platform, clinic id.ID) ([]Invoice, error) {
	rows, err := p.Query(sqlInvoices, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Invoice
	for rows.Next() {
		var x Invoice
		var buyer, seller, taxes string
		if err := rows.Scan(&x.Series, &x.Number, &x.Payment, &buyer, &seller, &x.Plan, &x.Term, &x.From, &x.Until, &x.Currency, &x.Net, &x.Tax, &x.Total, &taxes, &x.IssuedAt); err != nil {
			return nil, err
		}
		for text, into := range map[string]any{buyer: &x.Buyer, seller: &x.Seller, taxes: &x.Taxes} {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// addInvoice gives the invoice the next number of its series. The row of the series is held until the commit, so that numbers neither
// repeat nor leave a gap when two clinics pay in the same moment.
func addInvoice(p *store.Platform, clinic id.ID, x *Invoice) error {
	if _, err := p.Exec(sqlSeriesTake, x.Series); err != nil {
		return err
	}
	if err := p.Row(sqlSeriesLast, x.Series).Scan(&x.Number); err != nil {
		return err
	}
	buyer, err := json.Marshal(x.Buyer)
	if err != nil {
		return err
	}
	seller, err := json.Marshal(x.Seller)
	if err != nil {
		return err
	}
	taxes, err := json.Marshal(x.Taxes)
	if err != nil {
		return err
	}
	_, err = p.Exec(sqlInvoiceAdd, x.Series, x.Number, clinic, x.Payment, string(buyer), string(seller), x.Plan, x.Term, x.From, x.Until, x.Currency, x.Net, x.Tax, x.Total, string(taxes), x.IssuedAt)
	return err
}
