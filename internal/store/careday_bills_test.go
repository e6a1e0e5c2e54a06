package store_test

import (
	"context"
	"testing"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// bills is the part of the day with the money: invoices from draft to credit note, payments and refunds, the count at the end of the day, the books.
func bills(ctx context.Context, t *testing.T, p *practice.Practice, must func(error)) {
	t.Helper()
	owner, desk := p.As(access.Owner), p.As(access.FrontDesk)
	house, till := clinics.New(p.DB, p.Log, clinics.Options{}), billing.New(p.DB, p.Log)
	c, err := house.Get(ctx, owner)
	must(err)
	must(house.SetModules(ctx, owner, append(c.Modules, clinics.ModuleBilling), c.Version))
	inside := func(fn func(tx *store.Tx) error) {
		t.Helper()
		must(p.DB.Change(ctx, owner, access.BillRefund, func(_ context.Context, tx *store.Tx) error { return fn(tx) }))
	}

	set, _, err := till.Setting(ctx, owner)
	must(err)
	set.Scheme, set.TaxID = money.GST, "29AAGCB7383J1Z4"
	must(till.SaveSetting(ctx, owner, set))
	set.Version, set.Footer = 1, "Thank you"
	must(till.SaveSetting(ctx, owner, set))
	must(till.SaveOffers(ctx, owner, []billing.Offered{{Service: p.Service, Class: money.Class{Code: money.Exempt}, Code: "9993", FreeDays: 7}}))
	_, err = till.Offers(ctx, desk)
	must(err)

	r, err := p.Desk.Book(ctx, desk, scheduling.Booking{Service: p.Service, Provider: p.Providers[0], StartsAt: p.At(9, "10:00"), Patient: patients.Draft{Name: "Bill Payer", Phone: "+919845010099", BirthDate: "1980-02-03", Address: "4 Lake Road"}})
	must(err)
	patient := r.Appointment.Patient
	w := billing.InvoiceDraft{Patient: patient, Appointment: r.Appointment.ID, Lines: []billing.LineDraft{{Service: p.Service, Words: "Check-up", Code: "9993", Class: money.Exempt, Quantity: 1, Price: 50000}, {Words: "Brace", Class: "gst-18", Quantity: 2, Price: 10000}}}
	_, err = till.Propose(ctx, desk, r.Appointment.ID, id.Zero)
	must(err)
	gone, err := till.Save(ctx, desk, id.Zero, w, 0)
	must(err)
	gone, err = till.Save(ctx, desk, gone.ID, w, gone.Version)
	must(err)
	must(till.Discard(ctx, desk, gone.ID, gone.Version))
	first, _, err := till.IssueAndTake(ctx, desk, id.Zero, w, 0, billing.Pay{Method: billing.Cash, Key: "one"})
	must(err)
	_, _, err = till.IssueAndTake(ctx, desk, id.Zero, w, 0, billing.Pay{Method: billing.Cash, Key: "one"})
	must(err)
	draft, err := till.Save(ctx, desk, id.Zero, w, 0)
	must(err)
	second, err := till.Issue(ctx, desk, draft.ID, draft.Version)
	must(err)
	_, err = till.Take(ctx, desk, second.ID, billing.Pay{Method: billing.UPI, Amount: 20000, Reference: "433112345678"})
	must(err)
	ahead, err := till.TakeAdvance(ctx, desk, patient, billing.Pay{Method: billing.Cash, Amount: 5000})
	must(err)
	_, err = till.Use(ctx, desk, ahead.Payment, second.ID)
	must(err)
	var open billing.Outcome
	inside(func(tx *store.Tx) (err error) {
		if _, err = billing.OpenInvoice(&tx.View, second.ID); err != nil {
			return err
		}
		open, err = billing.Receive(tx, billing.Incoming{Source: "gateway", External: "pay_1", Method: billing.Online, Amount: money.Of(9000, "INR"), Patient: patient})
		return err
	})
	must(till.Keep(ctx, desk, open.Payment, id.Zero))
	for range 2 {
		inside(func(tx *store.Tx) error {
			_, err := billing.GiveBack(tx, billing.Refunded{Source: "gateway", Payment: "pay_1", External: "rfnd_1", Amount: money.Of(1000, "INR"), Reason: "asked"})
			tx.Housekeeping("a report that came twice")
			return err
		})
	}
	sheet, err := till.Open(ctx, desk, first.ID)
	must(err)
	_, _, err = till.Credit(ctx, owner, first.ID, billing.CreditDraft{Amount: 10000, Reason: "wrong", Back: &billing.ReturnDraft{Payment: sheet.Money[0].ID, Method: billing.Cash}})
	must(err)
	_, _, err = till.Credit(ctx, owner, first.ID, billing.CreditDraft{Reason: "all of it"})
	must(err)
	_, err = till.Return(ctx, owner, billing.ReturnDraft{Payment: sheet.Money[0].ID, Invoice: first.ID, Amount: 1000, Method: billing.Cash, Reason: "asked"})
	must(err)
	for _, box := range billing.Boxes() {
		_, err = till.List(ctx, desk, box, billing.Place{})
		must(err)
	}
	for _, typed := range []string{first.Label, "1"} {
		_, err = till.Find(ctx, desk, typed)
		must(err)
	}
	_, err = till.OfPatient(ctx, desk, patient)
	must(err)
	_, err = till.OfDay(ctx, desk, []id.ID{r.Appointment.ID})
	must(err)
	_, err = till.Propose(ctx, desk, r.Appointment.ID, id.Zero)
	must(err)
	inside(func(tx *store.Tx) error {
		tx.Housekeeping("a look")
		_, err := billing.ReceiptOf(&tx.View, ahead.Payment)
		return err
	})
	day, err := till.Day(ctx, owner, "")
	must(err)
	var counted []billing.Counted
	for _, x := range day.Counts {
		counted = append(counted, billing.Counted{Method: x.Method, Amount: x.Expected() + 1, Note: "one more"})
	}
	must(till.CloseDay(ctx, owner, day.Day, counted))
	_, err = till.Day(ctx, owner, "")
	must(err)
	_, err = till.Ledger(ctx, owner, "", "")
	must(err)
	_, err = till.TaxExport(ctx, owner, "", "")
	must(err)
	v, err := till.Verify(ctx, p.As(access.System))
	must(err)
	if len(v.Wrong)+len(v.Gaps) > 0 {
		t.Fatalf("the books are wrong: %v %v", v.Wrong, v.Gaps)
	}
	young, _, err := patients.New(p.DB, p.Log).Add(ctx, desk, patients.Draft{Name: "Bill Child", BirthDate: "2019-02-03", Language: "en", Guardian: &patients.GuardianDraft{Name: "Bill Payer", Phone: "+919845010099", Relation: "father"}}, true)
	must(err)
	hers, err := till.Save(ctx, desk, id.Zero, billing.InvoiceDraft{Patient: young.ID, Lines: w.Lines[:1]}, 0)
	must(err)
	_, err = till.Issue(ctx, desk, hers.ID, hers.Version)
	must(err)
	must(p.DB.View(ctx, p.As(access.System), access.Work, func(_ context.Context, v *store.View) error {
		_, _, err := billing.Unspoken(v, "2020-01-01", 5)
		return err
	}))
	must(p.DB.View(ctx, owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		_, err := billing.Keeper{}.Collect(v, patient)
		return err
	}))
	must(p.DB.Change(ctx, owner, access.PatientDelete, func(_ context.Context, tx *store.Tx) error { return billing.Keeper{}.Erase(tx, patient) }))
	must(p.DB.Change(ctx, p.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error { _, err := billing.Keeper{}.Due(tx); return err }))
	_, err = till.Open(ctx, desk, second.ID)
	must(err)
}
