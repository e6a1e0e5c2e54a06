package web_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/gateways/razorpay"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	rigrazorpay "almirah/internal/rig/razorpay"
	"almirah/internal/subscription"
)

// TestAClinicOnItsLastDay goes with a clinic through the end of its trial: it is told, it becomes read-only and can still do all that must
// always work, it pays at the payment company, and works again.
func TestAClinicOnItsLastDay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "read-only-not-locked-out", "plan-paid-once")
	var bank *rigrazorpay.Server
	o := openOfficeIn(t, func(*office) []messaging.Provider { return nil }, func(o *office) *subscription.Service {
		bank = rigrazorpay.Start(t, rigrazorpay.Options{Clock: o.Clock})
		g := razorpay.New(http.DefaultClient, razorpay.Options{BaseURL: bank.URL(), Timeout: 10 * time.Second})
		keys, err := g.Check(bank.Typed())
		if err != nil {
			t.Fatal(err)
		}
		return subscription.New(o.DB, o.Log, subscription.Options{Clinics: o.clinics, Back: "https://almirah.test/app/account/paid", Terms: subscription.Terms{
			Plans: []subscription.Plan{{Key: "solo", Name: "Solo", Currency: "INR", Month: 99900, Year: 999000}}, Trial: 30 * 24 * time.Hour, Grace: 14 * 24 * time.Hour,
			Gateway: g, Till: billing.Till{Provider: "razorpay", Credentials: keys.Credentials},
			Seller: subscription.Seller{Name: "Almirah Hosting LLP", Address: "7 Lake Road\nBengaluru 560001", TaxNumber: "29AAPFU0939F1ZV", TaxCode: "998315", Country: "IN", Rate: 180000, Series: "A-"}}})
	})
	const page = "/app/account"
	public := "/c/" + o.clinic(t).Slug
	begun := o.Clock.Now()
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	again := func(role access.Role, after time.Duration) visitor { // a session does not live as long as a trial
		o.Clock.Move(begun.Add(after).Sub(o.Clock.Now()))
		if role == access.Owner {
			st, err := o.accounts.SignIn(t.Context(), "meera@example.org", password, browser, "")
			if err != nil {
				t.Fatal(err)
			}
			st = o.apps.Finish(t, "meera@example.org", st)
			if st, err = o.accounts.ChooseClinic(t.Context(), st.Cookie, o.Clinic); err != nil {
				t.Fatal(err)
			}
			return o.visitor(st.Cookie)
		}
		return o.as(role)
	}
	wants(t, o.owner.get(page), 200, "on trial until", "Solo", "₹", "Nothing was paid yet")
	const last = 30 * 24 * time.Hour
	owner := again(access.Owner, last-time.Hour)
	wants(t, owner.get("/app"), 200, "The time that is paid for ends on", page)
	wants(t, owner.get(public), 200, "!switched off at the moment")
	owner = again(access.Owner, last+time.Second)
	wants(t, owner.get("/app/day"), 200, "ended on", "From ")
	wants(t, owner.send("/app/patients/new", "name", "Ravi Teak", "phone", "98765 43211", "language", "en"), http.StatusSeeOther)

	const stop = 44 * 24 * time.Hour
	owner, desk := again(access.Owner, stop+time.Second), again(access.FrontDesk, stop+time.Second)
	wants(t, owner.get("/app"), 200, "Nothing can be entered", page)
	wants(t, desk.get("/app"), 200, "Nothing can be entered", "!href=\""+page+"\"")
	wants(t, desk.send("/app/patients/new", "name", "Mina Typed", "phone", "98765 43212", "language", "en"), http.StatusConflict, "Nothing was saved", "Mina Typed")
	wants(t, owner.send("/app/settings/modules/notes", "turn", "on", "version", owner.version("/app/settings/modules/notes")), http.StatusConflict, "Nothing was saved")
	wants(t, owner.get(public), 200, "switched off at the moment")
	// Reading, cancelling and leaving.
	wants(t, desk.get("/app/patients/"+a.Patient.String()), 200, "Asha Rao")
	wants(t, owner.get("/app/audit"), 200, "Opened")
	wants(t, desk.send("/app/appointments/"+a.ID.String()+"/cancel", "version", version(o.now(a))), http.StatusSeeOther)
	leads(t, owner.send(page+"/closing", "turn", "leave", "sure", "1"), page+"?done=saved")
	leads(t, owner.send(page+"/closing", "turn", "stay"), page+"?done=saved")
	// Paying.
	wants(t, desk.send(page+"/pay", "plan", "solo", "term", "month"), http.StatusForbidden)
	wants(t, owner.send(page+"/pay", "plan", "moon", "term", "month"), http.StatusNotFound)
	leads(t, owner.send(page+"/pay", "plan", "solo", "term", "month"), page+"?done=plan-begun")
	wants(t, owner.get(page), 200, "Go to the payment page", "1,178.82")
	leads(t, owner.get(page+"/paid"), page+"?done=plan-waits")
	wants(t, desk.send("/app/patients/new", "name", "Mina Typed", "phone", "98765 43212", "language", "en"), http.StatusConflict)
	for link, amount := range bank.Open() {
		bank.Pay(link, amount)
	}
	leads(t, owner.get(page+"/paid"), page+"?done=plan-paid")
	body := wants(t, owner.get(page), 200, "Solo, paid until", "A-000001", "!Go to the payment page")
	if strings.Contains(body, rigrazorpay.Card) {
		t.Error("the page tells of the card")
	}
	wants(t, desk.send("/app/patients/new", "name", "Mina Typed", "phone", "98765 43212", "language", "en"), http.StatusSeeOther)
	w := owner.get(page + "/invoices/1")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) {
		t.Errorf("the invoice: %d, %v", w.Code, w.Header())
	}
	wants(t, owner.get(page+"/invoices/2"), http.StatusNotFound)
}

func TestWithoutPlansThereIsNoPageToPay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "told-before-read-only")
	o := openOffice(t)
	wants(t, o.owner.get("/app/account"), 200, "!Solo", "!Payments")
	wants(t, o.owner.get("/app/account/paid"), http.StatusNotFound)
	wants(t, o.owner.get("/app/account/invoices/1"), http.StatusNotFound)
	wants(t, o.owner.send("/app/account/pay", "plan", "solo", "term", "month"), http.StatusNotFound)
}
