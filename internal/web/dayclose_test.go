package web_test

import (
	"context"
	"testing"

	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/id"
)

// The page of the end of a day proposes what has to be there; what it proposes can be sent, also on a day on which more went back by a way than came.
func TestADayIsClosedAsItsPageProposes(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	ctx := context.Background()
	c := o.clinic(t)
	if err := o.clinics.SetModules(ctx, o.owner.who, append(c.Modules, clinics.ModuleBilling), c.Version); err != nil {
		t.Fatal(err)
	}
	bills := billing.New(o.DB, o.Log)
	patient := o.booked("Asha Rao", "+919845010007", 0, tuesday, "09:00").Patient
	d, out, err := bills.IssueAndTake(ctx, o.owner.who, id.Zero, billing.InvoiceDraft{Patient: patient, Lines: []billing.LineDraft{{Words: "Check-up", Quantity: 1, Price: 50000}}}, 0, billing.Pay{Method: billing.UPI})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bills.Credit(ctx, o.owner.who, d.ID, billing.CreditDraft{Reason: "not done", Back: &billing.ReturnDraft{Payment: out.Payment, Method: billing.Bank}}); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app/bills/close"), 200, `name="counted.bank"`, `value="-500"`)
	wants(t, o.owner.send("/app/bills/close", "day", string(monday), "counted.cash", "0", "counted.upi", "500", "counted.card", "-", "counted.bank", "-500"), 422, `value="-500"`)
	leads(t, o.owner.send("/app/bills/close", "day", string(monday), "counted.cash", "0", "counted.upi", "500", "counted.card", "0", "counted.bank", "-500"), "/app/bills/close?day="+string(monday)+"&done=day-closed")
	wants(t, o.owner.get("/app/bills/close"), 200, "-₹500.00")
}
