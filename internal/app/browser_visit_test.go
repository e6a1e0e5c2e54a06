package app

import (
	"context"
	"strings"
	"testing"

	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestVisitByHand does at a real browser what a practitioner does: the patient is checked in on the day page, the visit is written, the
// window is closed in the middle of a sentence, the visit is signed, and something is added afterwards.
func TestVisitByHand(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	h.recordsOn(t)
	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, ownerMail)}
	asha := d.patient(t, "Asha Marigold", "+919999910412")
	r, err := h.Desk.Book(context.Background(), h.Owner, scheduling.Booking{Service: h.Practice.services[0].ID, Provider: h.Practice.providers[0].ID, StartsAt: d.at(t, "12:00"), PatientID: asha, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Appointment
	card := `document.querySelector('` + cardOf(a)
	x := d.day(t, 1366, "")
	x.WaitFor(t, card+`')`)
	browser.Eval[bool](t, x, card+`').focus(),true`)
	x.Press(t, "a") // checked in
	x.WaitFor(t, card+`.st-arrived')`)
	browser.Eval[bool](t, x, card+`').focus(),true`)
	x.Press(t, "e") // with the practitioner
	x.WaitFor(t, card+`.st-with')`)
	x.Click(t, cardOf(a))
	x.WaitFor(t, `document.querySelector("[data-leave] button")`)
	x.Follow(t, "[data-leave] button")
	x.WaitFor(t, `location.pathname.startsWith("/app/visits/") && document.body.dataset.ready`)
	visit := x.Path(t)

	// What is written is kept by itself; what was not sent yet goes along when the window is left.
	x.Click(t, "#f-complaint")
	x.Type(t, "Cough for three days")
	x.WaitFor(t, `document.querySelector("[data-state]").textContent.startsWith("Saved")`)
	x.Click(t, "#f-plan")
	x.Type(t, "Rest and wat")
	x.GoTo(t, d.Server.URL+"/app/day")
	d.until(t, "the rest was kept when the window was left", func() bool {
		return strings.Contains(d.in.page(t, visit).body, ">Rest and wat</textarea>")
	})
	if body := d.in.page(t, visit).body; !strings.Contains(body, ">Cough for three days</textarea>") {
		t.Error("what was written is lost")
	}

	// A diagnosis is found while one types, and taken with Enter.
	x.GoTo(t, d.Server.URL+visit)
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Click(t, "#f-find")
	x.Type(t, "asth")
	x.WaitFor(t, `document.querySelector("[data-found] button")`)
	x.Press(t, "\r")
	x.WaitFor(t, `document.body.dataset.ready && document.querySelector("input[name=dx]")`)
	browser.Eval[any](t, x, "window.scrollTo(0,0);1") // the bar stays on top of what is scrolled under it
	for _, wrong := range x.Axe(t, "../..") {
		t.Errorf("axe: %s", wrong)
	}

	x.Follow(t, `button[formaction$="/sign"]`)
	x.WaitFor(t, `document.querySelector("#added")`)
	if text := x.Text(t); !strings.Contains(text, "Signed by Dr Anjali Mehta") || !strings.Contains(text, "Rest and wat") || !strings.Contains(text, "J45.9") {
		t.Errorf("the signed visit reads %q", text)
	}
	x.Fill(t, "#f-reason", "unfinished sentence")
	x.Fill(t, "#f-text", "Rest and water.")
	x.Follow(t, "#added form button")
	x.WaitFor(t, `document.querySelector("#added .say")`)
	if text := x.Text(t); !strings.Contains(text, "unfinished sentence") || !strings.Contains(text, "Rest and wat\n") && !strings.Contains(text, "Rest and wat") {
		t.Errorf("after the amendment: %q", text)
	}
	x.Follow(t, ".out button") // checked out
	x.WaitFor(t, `location.pathname==="/app/day"`)
	if now := d.now(t, a.ID); now.Status != scheduling.Completed {
		t.Errorf("she is %s", now.Status)
	}
}
