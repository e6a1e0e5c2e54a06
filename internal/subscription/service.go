package subscription

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// pageLife is how long a payment page can be used.
const pageLife = 12 * time.Hour

// askedFor is how long after it was made a payment is still asked about: banks may be late.
const askedFor = 30 * day

// Options are what app hands in.
type Options struct {
	Terms   Terms
	Clinics *clinics.Service
	// Tell writes a mail with the words of the notice to the owners of the caller's clinic.
	Tell func(ctx context.Context, who access.Caller, clinicName, notice, path string) error
	Back string // where a browser comes back to from the payment page; what it brings along is not read
}

// Service are the verbs for the doors.
type Service struct {
	db    *store.DB
	log   *slog.Logger
	terms Terms
	o     Options
}

// New makes the service.
func New(db *store.DB, log *slog.Logger, o Options) *Service {
	return &Service{db: db, log: log, terms: o.Terms, o: o}
}

// Terms are what the deployment asks of clinics.
func (s *Service) Terms() Terms { return s.terms }

// Account is what the owner sees of what her clinic pays.
type Account struct {
	Held
	State       State
	WritesUntil clock.Instant
	Quotes      []Quote // every plan, for every term in which it is offered
	Payments    []Payment
	Invoices    []Invoice
}

// Account is how the clinic stands. fault.NotFound where nobody pays.
func (s *Service) Account(ctx context.Context, who access.Caller) (Account, error) {
	var out Account
	if !s.terms.On() {
		return out, fault.Missing()
	}
	c, err := s.o.Clinics.Get(ctx, who)
	if err != nil {
		return out, err
	}
	err = s.db.Across(ctx, who, access.PlatformAccount, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a trial begins with the clinic, not with a look at it")
		out = Account{}
		var err error
		if out.Held, err = s.held(p, c.ID); err != nil {
			return err
		}
		if out.Payments, err = payments(p, c.ID); err != nil {
			return err
		}
		out.Invoices, err = invoices(p, c.ID)
		out.State, out.WritesUntil = out.Held.State(s.terms, p.Now()), out.Held.WritesUntil(s.terms)
		return err
	})
	for _, plan := range s.terms.Plans {
		for _, term := range []string{Monthly, Yearly} {
			if q, ok := s.terms.Quote(plan.Key, term, buyerOf(c)); ok {
				out.Quotes = append(out.Quotes, q)
			}
		}
	}
	return out, err
}

func buyerOf(c clinics.Clinic) Buyer {
	b := Buyer{Name: c.LegalEntity, Address: c.Address, TaxNumber: c.TaxNumbers, Country: c.Country}
	if b.Name == "" {
		b.Name = c.Name
	}
	return b
}

// Begin begins a payment: it answers it with the address of the payment company's page. The same plan asked for again while its page is
// open is the same payment. fault.NotFound for a plan that is not offered, and where nothing can be paid online; the faults of the payment
// company otherwise.
func (s *Service) Begin(ctx context.Context, who access.Caller, plan, term string) (Payment, error) {
	if !s.terms.On() || s.terms.Gateway == nil {
		return Payment{}, fault.Missing()
	}
	c, err := s.o.Clinics.Get(ctx, who)
	if err != nil {
		return Payment{}, err
	}
	q, ok := s.terms.Quote(plan, term, buyerOf(c))
	if !ok {
		return Payment{}, fault.Missing()
	}
	var made Payment
	err = s.db.Across(ctx, who, access.PlatformAccount, func(_ context.Context, p *store.Platform) error {
		if _, err := s.held(p, c.ID); err != nil {
			return err
		}
		list, err := payments(p, c.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x Payment) bool {
			return x.State == "open" && x.Plan == plan && x.Term == term && x.Amount == q.Total && p.Now() < x.MadeAt.Add(pageLife/2)
		})
		if i >= 0 {
			made = list[i]
			p.Housekeeping("a payment that was begun is gone on with")
			return nil
		}
		made = Payment{ID: p.NewID(), Plan: plan, Term: term, Currency: q.Plan.Currency, Amount: q.Total, State: "open", MadeAt: p.Now()}
		p.Record(audit.Note{Action: "begin", Kind: "plan-payment", Subject: made.ID, New: map[string]any{"clinic": c.ID.String(), "plan": plan, "term": term, "amount": q.Total}})
		_, err = p.Exec(sqlPaymentAdd, made.ID, c.ID, plan, term, made.Currency, made.Amount, made.MadeAt)
		return err
	})
	if err != nil || made.URL != "" {
		return made, err
	}
	page, err := s.terms.Gateway.Open(ctx, s.terms.Till, billing.Ask{Reference: billing.Reference(made.ID), Amount: made.Amount, Currency: made.Currency,
		Description: q.Plan.Name, ExpiresAt: made.MadeAt.Add(pageLife), ReturnURL: s.o.Back})
	if err != nil {
		return made, err
	}
	made.page, made.URL = page.ID, page.URL
	return made, s.db.Across(ctx, who, access.PlatformAccount, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("where a payment that was begun is made")
		_, err := p.Exec(sqlPaymentPage, made.ID, c.ID, made.page, made.URL)
		return err
	})
}

// Look asks the payment company how the clinic's open payments stand, and settles those that were made. It is what the owner's return
// from the payment page and the hourly chore do: the browser's own word is never taken (promise H3). It answers whether one was paid.
func (s *Service) Look(ctx context.Context, who access.Caller) (bool, error) {
	if !s.terms.On() || s.terms.Gateway == nil {
		return false, nil
	}
	right := access.PlatformAccount
	if !who.May(right) {
		right = access.PlatformBill
	}
	var open []Payment
	err := s.db.Across(ctx, who, right, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("nothing is written")
		list, err := payments(p, who.Clinic())
		open = slices.DeleteFunc(list, func(x Payment) bool { return x.State == "paid" || p.Now() >= x.MadeAt.Add(askedFor) })
		return err
	})
	paid := false
	for _, x := range open {
		if err != nil {
			break
		}
		var was bool
		was, err = s.lookAt(ctx, who, right, x)
		paid = paid || was
	}
	return paid, err
}

func (s *Service) lookAt(ctx context.Context, who access.Caller, right access.Right, x Payment) (bool, error) {
	now, err := s.terms.Gateway.Look(ctx, s.terms.Till, x.page, billing.Reference(x.ID))
	if fault.Is(err, fault.NotFound) { // the page was never made
		now, err = billing.Standing{Page: billing.Page{State: billing.PageClosed}}, nil
	}
	if err != nil {
		return false, err
	}
	var got int64
	code := ""
	for _, c := range now.Captures {
		switch {
		case c.State == billing.Captured && c.Currency == x.Currency:
			got += c.Amount
		case c.State == billing.Failed:
			code = billing.Token(c.Code)
			if code == "" {
				code = "failed"
			}
		}
	}
	switch {
	case got >= x.Amount:
		return s.settle(ctx, who, right, x)
	case code != "" && x.State == "open":
		return false, s.failed(ctx, who, right, x, code)
	case now.Page.State == billing.PageClosed && x.State == "open":
		return false, s.db.Across(ctx, who, right, func(_ context.Context, p *store.Platform) error {
			p.Record(audit.Note{Action: "close", Kind: "plan-payment", Subject: x.ID})
			_, err := p.Exec(sqlPaymentEnd, x.ID, who.Clinic(), "closed", x.Code, p.Now())
			return err
		})
	}
	return false, nil
}

// settle counts a payment, once: the plan goes on, and the invoice is issued, in one transaction.
func (s *Service) settle(ctx context.Context, who access.Caller, right access.Right, x Payment) (bool, error) {
	c, err := s.o.Clinics.Get(ctx, who)
	if err != nil {
		return false, err
	}
	counted := false
	err = s.db.Across(ctx, who, right, func(_ context.Context, p *store.Platform) error {
		counted = false
		n, err := p.Exec(sqlPaymentEnd, x.ID, c.ID, "paid", "", p.Now())
		if err != nil || n == 0 { // somebody else was first
			p.Housekeeping("a payment that was counted is not counted again")
			return err
		}
		h, err := s.held(p, c.ID)
		if err != nil {
			return err
		}
		from, until := h.extended(s.terms, x.Term, p.Now())
		if n, err = p.Exec(sqlHeldPay, x.Plan, x.Term, until, h.version, c.ID); err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		h.PaidUntil = until
		bill := Invoice{Series: s.terms.Seller.Series, Payment: x.ID, Buyer: buyerOf(c), Seller: s.terms.Seller, Plan: x.Plan, Term: x.Term, From: from, Until: until,
			Currency: x.Currency, Net: x.Amount, Total: x.Amount, IssuedAt: p.Now()}
		if q, ok := s.terms.Quote(x.Plan, x.Term, bill.Buyer); ok && q.Total == x.Amount {
			bill.Net, bill.Tax, bill.Taxes = q.Net, q.Tax, q.Taxes
		} else {
			s.log.Warn("subscription", "payment", x.ID.String(), "error", "the price changed while it was paid: the invoice shows no tax apart")
		}
		if err := addInvoice(p, c.ID, &bill); err != nil {
			return err
		}
		counted = true
		p.Record(audit.Note{Action: "pay", Kind: "plan-payment", Subject: x.ID, New: map[string]any{"clinic": c.ID.String(), "plan": x.Plan, "term": x.Term, "until": until, "invoice": bill.Number}})
		return s.writes(p, &h)
	})
	return counted, err
}

// failed notes that a payment was refused, and has the owners told once for each word of refusal. It may still be made.
func (s *Service) failed(ctx context.Context, who access.Caller, right access.Right, x Payment, code string) error {
	told := int64(0)
	err := s.db.Across(ctx, who, right, func(_ context.Context, p *store.Platform) (err error) {
		p.Housekeeping("why a payment was refused, in the payment company's word")
		told, err = p.Exec(sqlPaymentFail, x.ID, who.Clinic(), code)
		return err
	})
	if err != nil || told == 0 || right != access.PlatformBill {
		return err
	}
	return s.tell(ctx, who, accounts.NoticePlanFailed)
}

func (s *Service) tell(ctx context.Context, who access.Caller, notice string) error {
	c, err := s.o.Clinics.Get(ctx, who)
	if err != nil || s.o.Tell == nil {
		return err
	}
	return s.o.Tell(ctx, who, c.Name, notice, "/app/account")
}

// Sweep is the hourly chore of one clinic: its trial begins if it has not, its open payments are asked about, and its owners are told on
// the days that the page names. Who was away is told once, of how things stand; a clinic whose owners could not be told that it stops, because the installation was off or asked for no fee, has the
// days of that notice first (promise told-before-read-only). who is the clinic's own work.
func (s *Service) Sweep(ctx context.Context, who access.Caller) error {
	if !s.terms.On() {
		return nil
	}
	if _, err := s.Look(ctx, who); err != nil {
		s.log.Warn("subscription", "clinic", who.Clinic().String(), "error", err.Error()) // the notices do not wait for the payment company
	}
	var h Held
	var at stage
	err := s.db.Across(ctx, who, access.PlatformBill, func(_ context.Context, p *store.Platform) (err error) {
		p.Housekeeping("a trial begins with the clinic, and its last day is as the terms have it")
		if h, err = s.held(p, who.Clinic()); err != nil {
			return err
		}
		if at = h.stageAt(s.terms, p.Now()); at == toldStopped && h.told < toldSoon {
			h.stands, at = p.Now().Add(told), toldSoon
			return p.WritesUntil(h.Clinic, h.stands)
		}
		return s.writes(p, &h)
	})
	if fault.Is(err, fault.NotFound) {
		return nil // a clinic that is being opened
	}
	if err != nil || at <= h.told {
		return err
	}
	// Told first and written down after: a crash between the two tells twice, which is better than never.
	if err := s.tell(ctx, who, notices[at]); err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformBill, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("which notice went out last")
		_, err := p.Exec(sqlHeldTold, int64(at), h.version, who.Clinic())
		return err
	})
}

// Ahead says what everybody of the clinic must know: how it stands, when the time that is paid for ends, and when nothing can be entered
// any more. ok is false where there is nothing to say. It asks the doorway, which knows, and costs a page no statement.
func (s *Service) Ahead(ctx context.Context, clinic id.ID, now clock.Instant) (state State, due, stop clock.Instant, ok bool) {
	if !s.terms.On() {
		return "", 0, 0, false
	}
	stop, err := s.db.Standing(ctx, clinic)
	if err != nil || stop == 0 {
		return "", 0, 0, false
	}
	due = stop.Add(-s.terms.Grace)
	switch {
	case now >= stop:
		return ReadOnly, due, stop, true
	case now >= due:
		return Grace, due, stop, true
	}
	return Paid, due, stop, now >= due.Add(-7*day)
}
