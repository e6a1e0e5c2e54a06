package app

import (
	"bytes"
	"strings"
	"testing"

	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// TestWalkInToPaidReceipt is the desk at a real browser: from the appointment to a paid receipt in two presses, then a credit note that gives the money back.
func TestWalkInToPaidReceipt(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.billing(t)
	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, ownerMail)}
	a := d.booked(t, d.patient(t, "Asha Marigold", "+919999910412"), 0, "10:15")
	x := d.b.Tab(t, 1366, 900)
	for name, value := range d.in.cookies {
		x.Cookie(t, d.Server.URL, name, value)
	}
	x.GoTo(t, d.Server.URL+"/app/appointments/"+a.ID.String())
	x.Follow(t, `a[data-bill]`)
	x.Follow(t, `button[value="paid.cash"]`)
	page := x.Path(t)
	if text := x.Text(t); !strings.Contains(text, "INV/26-27/0001") || !strings.Contains(text, "The payment is booked.") || !strings.Contains(text, "Rupees") {
		t.Fatalf("after the press: %s %s", page, text)
	}
	receipt := browser.Eval[string](t, x, `document.querySelector('a[href*="/receipts/"]').getAttribute('href')`)
	if paper := d.in.page(t, receipt); !bytes.HasPrefix([]byte(paper.body), []byte("%PDF-")) || paper.head.Get("Content-Type") != "application/pdf" {
		t.Fatalf("the receipt is no PDF: %.80s", paper.body)
	}
	x.Click(t, `main details summary`)
	x.Fill(t, `#f-reason`, "came to the wrong clinic")
	browser.Eval[bool](t, x, `(document.querySelector('#f-back').selectedIndex=1)===1`)
	x.Follow(t, `form[action$="/credit"] button.grave`)
	if text := x.Text(t); !strings.Contains(text, "CN/26-27/0001") || !strings.Contains(text, "Cancelled by a credit note") || !strings.Contains(text, "came to the wrong clinic") {
		t.Fatalf("after the credit note: %s", text)
	}
	for _, c := range x.Complaints() {
		t.Error(c)
	}
}
