package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"almirah/internal/billing"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/money"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestRefundByHand goes at a real browser from a bill to money that was given back: a patient pays from her own page, without script, at the
// demonstration's bank; the clinic gives a part of it back on the bill's page; the bill, the day's count and the receipt say so.
func TestRefundByHand(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.billing(t)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, ownerMail)}
	if err := h.connectBank(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	}
	own := h.sent(t, h.bookedOnline(t, "Asha Marigold", "asha@example.org"))
	patient, _, err := h.Desk.Enter(t.Context(), strings.TrimPrefix(own, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	bill, err := h.Bills.WriteAndIssue(t.Context(), h.Owner, id.Zero, billing.InvoiceDraft{Patient: patient.Patient(), Lines: []billing.LineDraft{{Words: "Consultation", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0)
	if err != nil {
		t.Fatal(err)
	}

	// The patient pays.
	hers := d.b.Tab(t, 360, 740)
	hers.NoScript(t)
	hers.GoTo(t, h.Server.URL+own)
	hers.Follow(t, `form[action$="/pay"] button`)
	hers.Follow(t, `a[rel~=external]`)
	if text := hers.Text(t); !strings.Contains(text, "No money moves") || !strings.Contains(text, "500") {
		t.Fatalf("the bank at %s says %q", hers.Path(t), text)
	}
	hers.Follow(t, `button[value=pay]`)
	hers.Follow(t, `a.go`)
	if text := hers.Text(t); !strings.Contains(text, "Your payment has come") {
		t.Fatalf("back at %s: %q", hers.Path(t), text)
	}

	// The clinic gives 200 of the 500 back.
	page := h.Server.URL + "/app/bills/" + bill.ID.String()
	x := h.tab(t, d.b, d.in, 1366)
	reads := func(url string, want ...string) {
		t.Helper()
		var missing []string
		for range 100 { // the bank's report is worked on
			x.GoTo(t, url)
			text := x.Text(t)
			missing = missing[:0]
			for _, w := range want {
				if !strings.Contains(text, w) {
					missing = append(missing, w)
				}
			}
			if len(missing) == 0 {
				return
			}
		}
		t.Fatalf("%s does not say %q: %s", x.Path(t), missing, x.Text(t))
	}
	reads(page, "Paid", "₹500.00", "Give back to where it came from")
	const form = `form[action$="/online-back"]`
	x.Click(t, `details:has(`+form+`) summary`)
	x.Fill(t, `#f-amount_online`, "600")
	x.Fill(t, `#f-reason_online`, "the dressing was not needed")
	x.Follow(t, form+` button.grave`)
	if kept := browser.Eval[string](t, x, `document.querySelector("#f-amount_online").value+"|"+document.querySelector("#f-reason_online").value`); kept != "600|the dressing was not needed" || !strings.Contains(x.Text(t), "There is a problem") {
		t.Fatalf("more than was paid: the form holds %q: %s", kept, x.Text(t))
	}
	x.Fill(t, `#f-amount_online`, "200")
	x.Follow(t, form+` button.grave`)
	reads(page, "Given back ₹200.00", "the dressing was not needed", "−₹200.00")
	for _, wrong := range x.Axe(t, "../..") {
		t.Errorf("axe: %s", wrong)
	}
	receipt := browser.Eval[string](t, x, `document.querySelector('a[href*="/receipts/"]').getAttribute('href')`)
	reads(h.Server.URL+"/app/bills/close", "₹300.00", "₹500.00 taken, ₹200.00 given back")

	// Her receipt and ours are the same paper.
	hers.GoTo(t, h.Server.URL+own)
	theirs := browser.Eval[string](t, hers, `document.querySelector('a[href*="/receipts/"]').getAttribute('href')`)
	for path, v := range map[string]*visitor{receipt: d.in, theirs: h.visitor()} {
		text := paperText(t, v.page(t, path).body)
		for _, want := range []string{"500.00", "200.00", "Given back"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", path, want, text)
			}
		}
	}
	if v, err := h.Bills.Verify(t.Context(), jobs.ForClinic(h.Clinic.ID)); err != nil || len(v.Wrong) > 0 {
		t.Error(v.Wrong, err)
	}
	for _, c := range append(x.Complaints(), hers.Complaints()...) {
		t.Error(c)
	}
}

// paperText is what a paper says.
func paperText(t testing.TB, paper string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(name, []byte(paper), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", name, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (make deps installs it): %v: %s", err, out)
	}
	return string(out)
}
