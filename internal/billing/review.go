package billing

import (
	"context"
	"errors"
	"slices"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// What a new invoice is proposed to hold, and when a review costs nothing.

const sqlPaidVisit = `SELECT id, day, label FROM invoice WHERE clinic_id = $1 AND patient_id = $2 AND kind = 'invoice' AND state = 'paid' AND total > 0 AND credited = 0 AND day >= $3
	AND appointment_id IS NOT NULL AND appointment_id <> $4 ORDER BY day DESC, id DESC LIMIT 1`

// PaidVisit is the visit whose payment makes a review free.
type PaidVisit struct {
	Invoice id.ID
	Label   string
	Day     clock.Date
	Days    int // within how many days of it
}

// paidVisit finds a paid visit of the patient, other than this one, not longer ago than so many days.
func paidVisit(v *store.View, patient, appointment id.ID, days int, now clock.Date) (PaidVisit, bool, error) {
	p := PaidVisit{Days: days}
	if days <= 0 {
		return p, false, nil
	}
	err := v.Row(sqlPaidVisit, patient, string(now.AddDays(-days)), appointment).Scan(&p.Invoice, &p.Day, &p.Label)
	if errors.Is(err, store.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// stillFree makes sure that a line that costs nothing because of a paid visit still may.
func stillFree(v *store.View, c clinics.Clinic, w InvoiceDraft) error {
	var f fault.Fields
	for i, l := range w.Lines {
		if l.FreeOf.IsZero() {
			continue
		}
		var o Offered
		set, err := setting(v, c)
		if err != nil {
			return err
		}
		all, err := offers(v, c, set)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(x Offered) bool { return x.Service == l.Service }); at >= 0 {
			o = all[at]
		}
		p, ok, err := paidVisit(v, w.Patient, w.Appointment, o.FreeDays, today(v, c))
		if err != nil {
			return err
		}
		if !ok || p.Invoice != l.FreeOf || l.Discount != l.Price*l.Quantity {
			f.Add("discount."+itoa(i), "field.bill.free_over")
		}
	}
	return f.Err()
}

// Proposal is what the page of a new invoice begins with.
type Proposal struct {
	Clinic      clinics.Clinic
	Setting     Setting
	Offers      []Offered // those that are still offered
	Patient     id.ID
	Who         Particulars
	Appointment id.ID
	StartsAt    clock.Instant // of the appointment
	Provider    string
	Draft       InvoiceDraft
	Free        map[int]PaidVisit // of lines of the draft, by place
	There       []Document        // invoices that the appointment has already, without lines
	Advances    []Payment         // money of the patient that is there
}

// Propose begins an invoice for an appointment, or for a patient alone: the visit's service at its price, which is nothing where a paid visit makes the review free.
func (s *Service) Propose(ctx context.Context, who access.Caller, appointment, patient id.ID) (Proposal, error) {
	var out Proposal
	err := s.db.View(ctx, who, access.BillIssue, func(_ context.Context, v *store.View) error {
		var err error
		out, err = propose(v, appointment, patient)
		if err == nil {
			v.Opened("invoice-proposal", out.Patient, out.Patient)
		}
		return err
	})
	return out, err
}

func propose(v *store.View, appointment, patient id.ID) (Proposal, error) {
	out := Proposal{Appointment: appointment, Patient: patient, Free: map[int]PaidVisit{}}
	var err error
	if out.Clinic, out.Setting, err = start(v); err != nil {
		return out, err
	}
	all, err := offers(v, out.Clinic, out.Setting)
	if err != nil {
		return out, err
	}
	out.Offers = slices.DeleteFunc(slices.Clone(all), func(o Offered) bool { return o.Retired })
	var visit scheduling.Facts
	if !appointment.IsZero() {
		if visit, err = scheduling.FactsOf(v, appointment); err != nil {
			return out, err
		}
		out.Patient, out.StartsAt, out.Provider = visit.Patient, visit.StartsAt, visit.ProviderName
	}
	d := Document{Patient: out.Patient}
	if err := whose(v, out.Clinic, &d); err != nil {
		return out, err
	}
	out.Who = d.Who
	out.Draft = InvoiceDraft{Patient: out.Patient, Appointment: appointment, Address: d.Who.Address, Place: out.Setting.Place}
	if at := slices.IndexFunc(all, func(o Offered) bool { return o.Service == visit.Service }); !appointment.IsZero() && at >= 0 {
		o := all[at]
		l := o.line()
		p, free, err := paidVisit(v, out.Patient, appointment, o.FreeDays, today(v, out.Clinic))
		if err != nil {
			return out, err
		}
		if free {
			l.FreeOf, l.Discount = p.Invoice, l.Price
			out.Free[0] = p
		}
		out.Draft.Lines = []LineDraft{l}
		if out.There, err = documents(v, sqlInvoicesOfVisit, appointment); err != nil {
			return out, err
		}
	}
	out.Advances, err = openMoney(v, out.Patient)
	return out, err
}

// line is the service as a line.
func (o Offered) line() LineDraft {
	return LineDraft{Service: o.Service, Words: o.Name, Code: o.Code, Class: o.Class.Code, Quantity: 1, Price: o.Price}
}

// Reckon works a draft out without keeping it: what the page shows while it is written.
func (s *Service) Reckon(ctx context.Context, who access.Caller, w InvoiceDraft) (Document, error) {
	var d Document
	err := s.db.View(ctx, who, access.BillIssue, func(_ context.Context, v *store.View) error {
		c, set, err := start(v)
		if err != nil {
			return err
		}
		d, err = prepare(v, c, set, w)
		return err
	})
	return d, err
}

// FreeVisit names the paid visit that made a line free, for the reason that stands beside the nought.
func freeVisits(v *store.View, d Document) (map[id.ID]PaidVisit, error) {
	out := map[id.ID]PaidVisit{}
	for _, l := range d.Lines {
		if l.FreeOf.IsZero() {
			continue
		}
		x, err := head(v, l.FreeOf)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[l.FreeOf] = PaidVisit{Invoice: x.ID, Label: x.Label, Day: x.Day, Days: x.Day.DaysUntil(d.Day)}
	}
	return out, nil
}

// Owed is an amount of the clinic's currency, for pages.
func (d Document) Owed() money.Amount { return money.Of(d.Due(), d.Currency) }

// patientOf is the name of who is billed as her page says it now; the zero Name where she is gone.
func patientOf(v *store.View, patient id.ID) (patients.Name, error) {
	names, err := patients.Names(v, []id.ID{patient})
	return names[patient], err
}
