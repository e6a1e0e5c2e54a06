package billing

import (
	"context"
	"regexp"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// What the desk takes and gives by hand.

const (
	sqlDayClosed = `SELECT COUNT(*) FROM day_close WHERE clinic_id = $1 AND day = $2`
)

var referenceForm = regexp.MustCompile(`^[A-Za-z0-9 /_.-]*$`)

// cardLike says whether a text has so many digits, with the right check digit, that it could be the number of a card (promise H3).
func cardLike(s string) bool {
	var digits []int
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, int(r-'0'))
		case r != ' ' && r != '-' && r != '.' && r != '/':
			return false
		}
	}
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	sum := 0
	for i, n := range digits {
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// desk is how the desk's own payments are named: the form's key makes the same press twice one payment.
func desk(m Method) string { return "desk:" + string(m) }

// IsDesk says whether a payment or a refund went through the desk, and not through a gateway.
func IsDesk(source string) bool { return strings.HasPrefix(source, "desk:") }

// holdTill is the first lock of whatever takes money at the desk, gives it back or counts a day: one of them after the other in a clinic, so that no money lands in a day that is closed at
// that moment, and a form that is sent twice finds what it did.
func holdTill(tx *store.Tx) error { return clinics.Hold(tx) }

// openDay makes sure that nobody closed the day meanwhile: money of the desk belongs to a day that is still counted.
func openDay(v *store.View, c clinics.Clinic) error {
	var n int64
	err := v.Row(sqlDayClosed, string(today(v, c))).Scan(&n)
	if err == nil && n > 0 {
		err = fault.New(fault.Conflict, "fault.day_closed")
	}
	return err
}

// take books the desk's money for an issued invoice; the till is held.
func take(tx *store.Tx, c clinics.Clinic, d Document, p Pay) (Outcome, error) {
	if err := openDay(&tx.View, c); err != nil {
		return Outcome{}, err
	}
	if p.Amount == 0 {
		p.Amount = d.Due()
	}
	if p.Amount <= 0 {
		return Outcome{}, fault.New(fault.Conflict, "fault.bill_settled")
	}
	if p.Key == "" {
		p.Key = tx.NewID().String()
	}
	return Receive(tx, Incoming{Source: desk(p.Method), External: p.Key, Method: p.Method, Amount: money.Of(p.Amount, d.Currency), Invoice: d.ID, Patient: d.Patient, Reference: p.Reference, Advance: true})
}

// Take books what the desk took for an invoice: all that is due where no amount is named. What is more than that stays as the patient's advance. fault.Conflict when nothing is due,
// or the day is closed.
func (s *Service) Take(ctx context.Context, who access.Caller, invoice id.ID, p Pay) (Outcome, error) {
	var out Outcome
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) (err error) {
		out, err = takeFor(tx, invoice, p)
		return err
	})
	return out, err
}

func takeFor(tx *store.Tx, invoice id.ID, p Pay) (Outcome, error) {
	c, _, err := start(&tx.View)
	if err != nil {
		return Outcome{}, err
	}
	var f fault.Fields
	p.check(&f)
	if err := f.Err(); err != nil {
		return Outcome{}, err
	}
	if err := holdTill(tx); err != nil {
		return Outcome{}, err
	}
	if b, err := pressed(&tx.View, p.Key); !fault.Is(err, fault.NotFound) {
		tx.Housekeeping(twice)
		return b.again(), err
	}
	d, err := head(&tx.View, invoice)
	if err != nil {
		return Outcome{}, err
	}
	if d.Kind != Bill || d.State == Draft {
		return Outcome{}, fault.Missing()
	}
	return take(tx, c, d, p)
}

// TakeAdvance books what a patient pays ahead of any invoice.
func (s *Service) TakeAdvance(ctx context.Context, who access.Caller, patient id.ID, p Pay) (Outcome, error) {
	var out Outcome
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, _, err := start(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		p.check(&f)
		if p.Amount == 0 {
			f.Add("amount", "field.bill.amount")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if err := holdTill(tx); err != nil {
			return err
		}
		if b, err := pressed(&tx.View, p.Key); !fault.Is(err, fault.NotFound) {
			tx.Housekeeping(twice)
			out = b.again()
			return err
		}
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		if err := openDay(&tx.View, c); err != nil {
			return err
		}
		if p.Key == "" {
			p.Key = tx.NewID().String()
		}
		out, err = Receive(tx, Incoming{Source: desk(p.Method), External: p.Key, Method: p.Method, Amount: money.Of(p.Amount, c.Currency), Patient: patient, Reference: p.Reference, Advance: true})
		return err
	})
	return out, err
}

// Use lets an invoice take what is due of money that is there: a patient's advance, or money of which nobody had decided. What a gateway was asked to give back of it is not there any
// more. fault.Conflict when there is none left, nothing is due, or it is another patient's.
func (s *Service) Use(ctx context.Context, who access.Caller, payment, invoice id.ID) (int64, error) {
	var took int64
	err := s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, _, err := start(&tx.View)
		if err != nil {
			return err
		}
		p, err := lockPayment(tx, payment)
		if err != nil {
			return err
		}
		d, err := head(&tx.View, invoice)
		if err != nil {
			return err
		}
		away, err := onItsWay(&tx.View, p)
		if err != nil {
			return err
		}
		there := p.Undecided + p.Advance - away
		if !p.Patient.IsZero() && p.Patient != d.Patient || there <= 0 || d.Due() <= 0 {
			return fault.New(fault.Conflict, "fault.bill_settled")
		}
		took = 0
		day := today(&tx.View, c)
		for _, from := range []struct {
			left *int64
			name Account
		}{{&p.Undecided, Undecided}, {&p.Advance, Advances}} {
			if *from.left == 0 {
				continue
			}
			n, _, err := applyTo(tx, &p, invoice, min(*from.left, there-took), from.name, day)
			if err != nil {
				return err
			}
			*from.left -= n
			p.Applied += n
			took += n
		}
		tx.Record(audit.Note{Action: "apply", Kind: "payment", Subject: p.ID, Patient: p.Patient, New: map[string]any{"invoice": d.Label, "amount": took}})
		if err := tx.Must(sqlPaymentSet, p.ID, p.Applied, p.Advance, p.Undecided, p.Refunded, id.Null(p.Patient)); err != nil || took == 0 {
			return err
		}
		return tx.Announce(EventPaid, p.ID, 0)
	})
	return took, err
}

// Keep decides that money of which nobody had decided is the patient's advance. patient names her where the payment does not. fault.Conflict when there is none left.
func (s *Service) Keep(ctx context.Context, who access.Caller, payment, patient id.ID) error {
	return s.db.Change(ctx, who, access.BillIssue, func(_ context.Context, tx *store.Tx) error {
		c, _, err := start(&tx.View)
		if err != nil {
			return err
		}
		p, err := lockPayment(tx, payment)
		if err != nil {
			return err
		}
		if !p.Patient.IsZero() && !patient.IsZero() && p.Patient != patient {
			return fault.Missing()
		}
		if p.Patient.IsZero() {
			if _, err := patients.Find(&tx.View, patient); err != nil {
				return err
			}
			p.Patient = patient
		}
		if p.Undecided == 0 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		moved := p.Undecided
		p.Advance, p.Undecided = p.Advance+moved, 0
		tx.Record(audit.Note{Action: "keep", Kind: "payment", Subject: p.ID, Patient: p.Patient, New: map[string]any{"amount": moved}})
		if err := tx.Must(sqlPaymentSet, p.ID, p.Applied, p.Advance, p.Undecided, p.Refunded, id.Null(p.Patient)); err != nil {
			return err
		}
		return post(tx, today(&tx.View, c), entry{kind: "decide", debit: Undecided, credit: Advances, amount: moved, currency: p.Currency, payment: p.ID})
	})
}

func lockPayment(tx *store.Tx, one id.ID) (Payment, error) {
	if err := tx.Must(sqlPaymentLock, one); err != nil {
		return Payment{}, err
	}
	return scanPayment(tx.Row(sqlPaymentGet, one))
}

// ReturnDraft is money that the desk gives back by hand.
type ReturnDraft struct {
	Payment id.ID
	Invoice id.ID // whose; zero for an advance
	Amount  int64
	Method  Method
	Reason  string
	Key     string
}

// Return gives money back at the desk: what the clinic owes on an invoice, an advance, or money of which nobody had decided. It never makes an invoice due again: what was rightly
// paid is credited first. fault.Conflict when the day is closed or there is less to give back.
func (s *Service) Return(ctx context.Context, who access.Caller, r ReturnDraft) (Given, error) {
	var out Given
	err := s.db.Change(ctx, who, access.BillRefund, func(_ context.Context, tx *store.Tx) error {
		c, _, err := start(&tx.View)
		if err == nil {
			err = holdTill(tx)
		}
		if err != nil {
			return err
		}
		out, err = giveAtDesk(tx, c, r)
		return err
	})
	return out, err
}

// giveAtDesk gives money back; the till is held.
func giveAtDesk(tx *store.Tx, c clinics.Clinic, r ReturnDraft) (Given, error) {
	var f fault.Fields
	p := Pay{Method: r.Method, Amount: r.Amount}
	p.check(&f)
	if r.Amount <= 0 {
		f.Add("amount", "field.bill.amount")
	}
	if r.Reason = text(&f, "reason", r.Reason, 200); r.Reason == "" {
		f.Add("reason", "field.bill.reason")
	}
	if err := f.Err(); err != nil {
		return Given{}, err
	}
	if err := openDay(&tx.View, c); err != nil {
		return Given{}, err
	}
	from, err := lockPayment(tx, r.Payment)
	if err != nil {
		return Given{}, err
	}
	if err := backFrom(&tx.View, from, r.Invoice); err != nil {
		return Given{}, err
	}
	if r.Key == "" {
		r.Key = tx.NewID().String()
	}
	if _, err := scanRefund(tx.Row(sqlRefundOnce, desk(r.Method), r.Key)); err != nil { // a second press is not weighed again
		if most, err := mostBack(&tx.View, from); err != nil || r.Amount > most {
			if err == nil {
				f.AddWith("amount", "field.bill.most_back", map[string]any{"Minor": most, "Currency": from.Currency})
				err = f.Err()
			}
			return Given{}, err
		}
	}
	return giveBack(tx, c, from, desk(r.Method), Refunded{External: r.Key, Method: r.Method, Amount: money.Of(r.Amount, from.Currency), At: tx.Now(), Invoice: r.Invoice, Reason: r.Reason})
}

// mostBack is how much of a payment can go back without an invoice being due again. What a gateway was asked to give back is on its way, for days, and does not go a second time.
func mostBack(v *store.View, p Payment) (int64, error) {
	away, err := onItsWay(v, p)
	if err != nil {
		return 0, err
	}
	out := p.Undecided + p.Advance
	shares, err := paidBy(v, p.ID)
	if err != nil {
		return 0, err
	}
	for _, s := range shares {
		d, err := head(v, s.invoice)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		out += max(0, min(s.amount, -d.Due()))
	}
	return max(0, out-away), nil
}
