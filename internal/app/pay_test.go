package app

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/jobs"
	"almirah/internal/store"
)

var bankPage = regexp.MustCompile(`/demo/bank/page_[a-z]+`)

// TestAPatientPaysAtTheDemosBank walks from a bill to the receipt and back, through the pages that people use: the patient pays from her own page on the stand-in's page, whose
// report comes by the webhook; the clinic gives the money back.
func TestAPatientPaysAtTheDemosBank(t *testing.T) {
	t.Parallel()
	a, _ := twoPlaces(t, store.SQLite)
	h := a.h
	if err := h.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	her := h.visitor()
	own := her.page(t, "/m/"+a.token)
	if !strings.Contains(own.body, "/m/"+a.token+"/bills/"+a.ids["invoice"]+"/pay") {
		t.Fatal("her page does not let her pay")
	}
	paying := her.fill(t, "/m/"+a.token, "/m/"+a.token+"/bills/"+a.ids["invoice"]+"/pay", nil)
	at := her.page(t, paying.head.Get("Location"))
	bank := bankPage.FindString(at.body)
	if bank == "" || !strings.Contains(at.body, `rel="external noreferrer noopener"`) {
		t.Fatalf("no way to the bank: %.600s", at.body)
	}
	if p := her.page(t, bank); !strings.Contains(p.body, "No money moves") || strings.Contains(p.body, a.token) {
		t.Fatal("the stand-in is not marked as one, or knows the patient's link")
	}
	her.send(t, "POST", bank, strings.NewReader("act=refuse"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	her.send(t, "POST", bank, strings.NewReader("act=pay"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if p := her.page(t, "/c/sunrise/paid/"+a.ids["request"]); !strings.Contains(p.body, "Your payment has come") {
		t.Fatalf("%.800s", p.body)
	}
	bill := func(words string) {
		t.Helper()
		for range 100 {
			if strings.Contains(a.owner.page(t, "/app/bills/"+a.ids["invoice"]).body, words) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("the invoice does not say %q", words)
	}
	bill("Paid")
	bill("Give back to where it came from")
	a.owner.fill(t, "/app/bills/"+a.ids["invoice"], "/app/bills/"+a.ids["invoice"]+"/online-back", map[string][]string{"amount_online": {"40"}, "reason_online": {"not needed"}})
	bill("Given back")
	v, err := h.Bills.Verify(t.Context(), jobs.ForClinic(a.who.Clinic()))
	if err != nil || len(v.Wrong) > 0 {
		t.Fatal(v.Wrong, err)
	}
}
