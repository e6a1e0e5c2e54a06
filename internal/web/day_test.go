package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/promise"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// TestTheDayInAFixedNumberOfStatements opens the day with few and with many appointments: the first
// time, when the audit entry is written and the session is marked as used, and then again.
func TestTheDayInAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const budget, entry = 18, 5 // two of them count what waits in the inbox, one asks who of support looks now, one (at most every ten seconds) what the service tells
	var first, again []int64
	for i := range 48 {
		o.booked(fmt.Sprintf("Patient %c%c", 'A'+i/24, 'a'+i%24), fmt.Sprintf("+9198765432%02d", i), i/24, monday, fmt.Sprintf("%02d:%02d", 9+i%24/4+i%24/16, i%4*15))
		if i != 3 && i != 47 {
			continue
		}
		o.Clock.Move(20 * time.Minute) // the list counts as unseen again
		before := o.statements.Load()
		body := wants(t, o.owner.get("/app/day"), 200, "Patient Aa")
		between := o.statements.Load()
		wants(t, o.owner.get("/app/day"), 200, "Patient Aa")
		first, again = append(first, between-before), append(again, o.statements.Load()-between)
		if n := strings.Count(body, "data-id="); n != i+1 {
			t.Fatalf("%d cards of %d appointments", n, i+1)
		}
	}
	t.Logf("statements with 4 and with 48 appointments: first %v, again %v", first, again)
	if first[0] != first[1] || again[0] != again[1] || again[1] > budget || first[1] > budget+entry {
		t.Errorf("the day took %v statements the first time and %v again; at most %d, and %d for the entry, whatever the number of appointments", first, again, budget, entry)
	}
}

func TestTheDayShowsWhatStands(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked(`<script>alert("x")</script>`, "+919876543201", 0, monday, "10:00")
	o.booked("Ravi Kumar", "+919876543202", 1, monday, "10:30")
	body := wants(t, o.owner.get("/app/day"), 200, "Ravi Kumar", "Consultation", "Monday 23 November 2026")
	for _, raw := range []string{"<script>alert", "<b>Iyer"} {
		if strings.Contains(body, raw) {
			t.Errorf("%q stands unescaped on the page", raw)
		}
	}
	for _, path := range []string{"/app/day/column?day=2026-11-23&provider=" + o.providers[0].ID.String(), "/app/appointments/" + a.ID.String(), "/app/week", "/app", "/app/patients/" + a.Patient.String()} {
		for _, w := range []string{o.owner.part(path).Body.String(), o.owner.get(path).Body.String()} {
			if strings.Contains(w, "<script>alert") || !strings.Contains(w, "&lt;script&gt;alert") {
				t.Errorf("%s does not show the name, or not escaped: %.500s", path, w)
			}
		}
	}
	if raw := o.owner.do("/app/search", "q", "scr").Body.String(); strings.Contains(raw, "<script>alert") || !strings.Contains(raw, "&lt;script&gt;alert") {
		t.Errorf("what a search finds is not escaped: %.500s", raw)
	}
	wants(t, o.owner.get("/app/day?day=2026-11-24"), 200, "No appointments on this day", "/c/desk")
	wants(t, o.owner.get("/app/day?appointment="+a.ID.String()), 200, "data-panel", "+919876543201", "Booked for 23 Nov 2026, 10:00 am")
	for _, path := range []string{"/app/day?day=yesterday", "/app/day?appointment=" + o.service.ID.String(), "/app/appointments/" + o.service.ID.String(), "/app/appointments/7",
		"/app/day/column?day=2026-11-23&provider=x", "/app/week?provider=" + o.service.ID.String()} {
		wants(t, o.owner.get(path), 404, "<html")
	}
}

func TestAColumnFitsThePageThatShowsIt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Ravi Kumar", "+919876543202", 0, monday, "10:00")
	path := "/app/day/column?day=2026-11-23&provider=" + o.providers[0].ID.String()
	all := wants(t, o.owner.part("/app/day/columns?day=2026-11-23&starts="+rfc(o.at(monday, "08:00"))+"&rows=132"), 200, `class="a st-booked s24 d3`, "!<html")
	for _, p := range o.providers {
		if strings.Count(all, `data-col="`+p.ID.String()+`"`) != 1 {
			t.Errorf("the fragment of all columns lacks %s", p.Name)
		}
	}
	wants(t, o.owner.part(path), 200, `class="a st-booked s12 d3 c0 w12`, "!<html")
	// The page shows from eight on: the column has to stand beside its neighbours.
	wants(t, o.owner.part(path+"&starts="+rfc(o.at(monday, "08:00"))+"&rows=132"), 200, `class="a st-booked s24 d3`)
	// Two who overlap stand side by side, and the second says that it was overbooked.
	if _, err := o.desk.Book(context.Background(), o.owner.who, scheduling.Booking{Service: o.service.ID, Provider: o.providers[0].ID, StartsAt: a.StartsAt, PatientID: a.Patient, Overbook: "twins"}); err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.part(path), 200, "c0 w6", "c6 w6", "k-over")
}

func TestABrokenRowIsShownAsSuch(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	o.booked("Ravi Kumar", "+919876543202", 0, monday, "10:30")
	err := o.DB.Change(context.Background(), o.owner.who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("a test breaks a row")
		_, err := tx.Exec(`UPDATE patient SET name = $3 WHERE clinic_id = $1 AND id = $2`, a.Patient, []byte("not a sealed field at all"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, o.owner.get("/app/day"), 200, "Ravi Kumar", "Cannot be opened", "One appointment of this day cannot be opened", "!Asha Rao")
	wants(t, o.owner.get("/app/week"), 200, "Ravi Kumar", "Cannot be opened")
	wants(t, o.owner.get("/app"), 200, "Ravi Kumar", "One appointment of this day cannot be opened")
	wants(t, o.owner.get("/app/patients/"+a.Patient.String()), 200, "This record cannot be opened")
	wants(t, o.owner.part("/app/appointments/"+a.ID.String()), 200, "Cannot be opened")
	wants(t, o.owner.get("/app/patients"), 200, "Ravi Kumar", "Cannot be opened")
}

func TestMoves(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	b := o.booked("Ravi Kumar", "+919876543202", 1, monday, "11:00")
	path := "/app/appointments/" + a.ID.String() + "/move"
	to := func(i int) string { return o.providers[i].ID.String() }

	// A drag, and its undo with the version that the first answer gave.
	w := o.owner.do(path, "provider", to(1), "starts_at", rfc(o.at(monday, "10:15")), "version", "1")
	wants(t, w, http.StatusNoContent)
	if w.Header().Get("X-Version") != "2" {
		t.Fatalf("X-Version is %q", w.Header().Get("X-Version"))
	}
	w = o.owner.do(path, "provider", to(0), "starts_at", rfc(o.at(monday, "10:00")), "version", "2")
	wants(t, w, http.StatusNoContent)
	// A version that is over, and a time that is taken: a sentence, and nothing changed.
	w = o.owner.do(path, "provider", to(1), "starts_at", rfc(o.at(monday, "10:15")), "version", "2")
	wants(t, w, http.StatusConflict, "Somebody changed this a moment ago", "!<")
	w = o.owner.do(path, "provider", to(1), "starts_at", rfc(b.StartsAt), "version", "3")
	wants(t, w, http.StatusConflict, "Somebody else took this time", "!<")
	if x := o.now(a); x.StartsAt != a.StartsAt || x.Version != 3 {
		t.Fatalf("a refused move changed the appointment: %+v", x)
	}

	// Without script: the form comes back with what stands in the way and the question why.
	form := []string{"provider", to(1), "date", "2026-11-23", "time", "11:00", "version", "3"}
	wants(t, o.owner.send(path, form...), http.StatusConflict, "<html", "Ravi Kumar", `name="insist"`, `value="11:00"`, "11:00 am – 11:15 am")
	wants(t, o.owner.send(path, append(form, "insist", "1", "reason", "")...), http.StatusUnprocessableEntity, "Say why you book it anyway", `name="insist"`)
	// The panel of the script is answered with the panel.
	wants(t, o.owner.do(path, form...), http.StatusConflict, "data-panel", `name="insist"`, "!<html")
	w = o.owner.send(path, append(form, "insist", "1", "reason", "her brother has the time beside it")...)
	wants(t, w, http.StatusSeeOther)
	if to := w.Header().Get("Location"); to != "/app/day?day=2026-11-23&appointment="+a.ID.String()+"&done=appointment_moved" {
		t.Errorf("leads to %s", to)
	}
	if x := o.now(a); x.Lane != 1 || x.OverbookReason != "her brother has the time beside it" {
		t.Errorf("overbooked: %+v", x)
	}
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "The patient is told in three minutes", "her brother has the time beside it")

	// Whoever insists on a time that is free after all overbooks nobody.
	w = o.owner.send(path, "provider", to(0), "date", "2026-11-24", "time", "09:30", "version", "4", "insist", "1", "reason", "just in case")
	wants(t, w, http.StatusSeeOther)
	if x := o.now(a); x.Lane != 0 || x.OverbookReason != "" || x.Day != tuesday {
		t.Errorf("%+v", x)
	}
	for _, wrong := range [][]string{{"date", "24/11/2026", "time", "9"}, {"date", "2026-11-24", "time", "09:31"}, {}} {
		wants(t, o.owner.send(path, append(wrong, "version", "5")...), http.StatusUnprocessableEntity, "<html")
	}
	wants(t, o.owner.do("/app/appointments/"+o.service.ID.String()+"/move", "starts_at", rfc(b.StartsAt), "version", "1"), http.StatusNotFound)
}

func TestMarksAndCancellation(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	path := "/app/appointments/" + a.ID.String()
	mark := func(to string) {
		t.Helper()
		wants(t, o.owner.do(path+"/status", "version", version(o.now(a)), "to", to), 204)
	}
	wants(t, o.owner.part(path), 200, `value="arrived"`, "data-key-a", "!no-show") // she is not late yet
	mark("arrived")
	wants(t, o.owner.do(path+"/status", "version", "1", "to", "with"), http.StatusConflict, "Somebody changed this a moment ago", "!<")
	wants(t, o.owner.send(path+"/status", "version", "1", "to", "with"), http.StatusConflict, "Somebody changed this a moment ago", "<html", "Asha Rao")
	mark("with")
	mark("completed")
	wants(t, o.owner.do(path+"/status", "version", version(o.now(a)), "to", "booked"), http.StatusConflict, "cannot go from this state")
	wants(t, o.owner.do(path+"/status", "version", version(o.now(a)), "to", "nonsense"), http.StatusNotFound)
	mark("with")
	mark("arrived")
	mark("booked")
	mark("confirm")
	wants(t, o.owner.get("/app/day"), 200, "a st-confirmed", `aria-describedby="k-confirmed"`)
	mark("no-show")
	mark("arrived")
	wants(t, o.owner.part(path), 200, "Did not come. By: Meera Shah", "Confirmed. By: Meera Shah")

	w := o.owner.send(path+"/cancel", "version", version(o.now(a)), "why", "she called")
	wants(t, w, http.StatusSeeOther)
	x := o.now(a)
	if x.Status != scheduling.Cancelled || !strings.Contains(x.Note, "she called") {
		t.Fatalf("%+v", x)
	}
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "she called", "st-cancelled", `value="booked"`, "The patient is told in three minutes")
	wants(t, o.owner.do(path+"/cancel", "version", version(x)), http.StatusConflict, "can no longer be changed")
	mark("booked")
	if x := o.now(a); x.Status != scheduling.Booked {
		t.Errorf("not restored: %s", x.Status)
	}
	wants(t, o.owner.do(path+"/cancel", "version", version(o.now(a)), "why", strings.Repeat("x", 200)), http.StatusUnprocessableEntity, "too long")
}

func TestANoteIsChanged(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, tuesday, "10:00")
	path := "/app/appointments/" + a.ID.String()
	wants(t, o.owner.part(path), 200, path+"/note")
	w := o.owner.send(path+"/note", "version", "1", "note", "by the window")
	wants(t, w, http.StatusSeeOther)
	wants(t, o.owner.get(w.Header().Get("Location")), 200, "The note is saved", "by the window", "Tuesday 24 November 2026")
	wants(t, o.owner.do(path+"/note", "version", "1", "note", "too late"), http.StatusConflict, "data-panel", "Somebody changed this", "too late")
	wants(t, o.owner.do(path+"/note", "version", "2", "note", "has diabetes"), http.StatusUnprocessableEntity, "data-panel", "may be about health", `name="note_seen" value="1"`, "has diabetes")
	w = o.owner.do(path+"/note", "version", "2", "note", "has diabetes", "note_seen", "1")
	wants(t, w, http.StatusNoContent)
	if w.Header().Get("X-Version") != "3" {
		t.Errorf("X-Version is %q", w.Header().Get("X-Version"))
	}
	wants(t, o.owner.send(path+"/note", "version", "3", "note", strings.Repeat("x", 600)), http.StatusUnprocessableEntity, "#f-note", "too long")
	wants(t, o.owner.do(path+"/note", "version", "3", "note", ""), http.StatusNoContent)
	if x := o.now(a); x.Note != "" || x.Version != 4 {
		t.Errorf("%+v", x)
	}
	wants(t, o.as(access.Billing).send(path+"/note", "version", "4", "note", "x"), http.StatusForbidden)
	wants(t, o.owner.send("/app/appointments/"+o.service.ID.String()+"/note", "version", "1", "note", "x"), http.StatusNotFound)
}

// TestPagesThatAskThemselvesKeepNobodySignedIn lets a day page stand open: what it fetches by itself is no sign of its reader.
func TestPagesThatAskThemselvesKeepNobodySignedIn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	column := "/app/day/column?day=2026-11-23&provider=" + o.providers[0].ID.String()
	wants(t, o.owner.get("/app/day"), 200)
	for range 5 {
		o.Clock.Move(11 * time.Minute)
		wants(t, o.owner.part(column), 200)
		wants(t, o.owner.part("/app/day/columns?day=2026-11-23"), 200)
	}
	o.Clock.Move(6 * time.Minute) // an hour and a minute since somebody touched it
	wants(t, o.owner.part(column), http.StatusUnauthorized, "!<")
	wants(t, o.owner.part("/app/day/columns?day=2026-11-23"), http.StatusUnauthorized)
	wants(t, o.owner.part("/app/live?day=2026-11-23"), http.StatusUnauthorized)
}

func TestWhoMayDoWhatAtTheDesk(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	page := "/app/patients/" + a.Patient.String()
	billing := o.as(access.Billing)
	wants(t, billing.get("/app/day"), 200, "Asha Rao", "!data-can-move", "!book-t", "!data-bookpanel")
	wants(t, billing.part("/app/appointments/"+a.ID.String()), 200, "Asha Rao", "!<form")
	wants(t, billing.do("/app/appointments/"+a.ID.String()+"/move", "starts_at", rfc(a.StartsAt), "version", "1"), http.StatusForbidden, "!<html")
	for _, path := range []string{"/app/appointments/" + a.ID.String() + "/status", "/app/appointments", page, page + "/consents", page + "/delete"} {
		wants(t, billing.send(path, "version", "1"), http.StatusForbidden, "<html")
	}
	wants(t, billing.get("/app/book"), http.StatusForbidden)
	wants(t, billing.get(page), 200, "Asha Rao", "!edit=identity", "!/delete", "!New note")
	wants(t, billing.send(page+"/notes", "note", "x"), http.StatusNotFound)
	desk := o.as(access.FrontDesk)
	wants(t, desk.get(page), 200, "edit=identity", "!/delete", "!New note")
	wants(t, desk.get(page+"/delete"), http.StatusForbidden)
	wants(t, desk.get("/app"), 200, "Asha Rao", "!First steps")
	// A form without the visitor's token does nothing, and nobody comes in without a session.
	desk.token = ""
	wants(t, desk.do("/app/appointments/"+a.ID.String()+"/cancel", "version", "1"), http.StatusForbidden)
	desk.cookie = ""
	if w := desk.get("/app/day"); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in") {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if x := o.now(a); x.Version != 1 {
		t.Errorf("something got through: %+v", x)
	}
}

func TestWeekAndDashboard(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "dashboard-tells")
	o := openOffice(t)
	o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	o.booked("Ravi Kumar", "+919876543202", 1, tuesday, "11:00")
	wants(t, o.owner.get("/app/week?from=2026-11-25"), 200, "Week of", "Asha Rao", "Ravi Kumar", "/app/week?from=2026-11-30")
	wants(t, o.owner.get("/app/week?provider="+o.providers[1].ID.String()), 200, "!Asha Rao", "Ravi Kumar")
	wants(t, o.owner.get("/app"), 200, "Asha Rao", "!Ravi Kumar", "https://almirah.test/c/desk", "Nothing waits for you")
}

// TestTheClinicsClock puts the clinic where the clocks change and asks for a time that does not exist.
func TestTheClinicsClock(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	ctx := context.Background()
	c, err := o.clinics.Get(ctx, o.owner.who)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Profile()
	p.Zone = "Europe/Berlin"
	if err := o.clinics.Save(ctx, o.owner.who, p, c.Version); err != nil {
		t.Fatal(err)
	}
	a := o.booked("Asha Rao", "+919876543201", 0, tuesday, "18:30") // two in the afternoon in Berlin
	body := wants(t, o.owner.get("/app/day?day=2026-11-24"), 200, "2:00 pm", `data-zone="Europe/Berlin"`, `data-starts="2026-11-24T09:00:00+01:00"`, "Asha Rao")
	if strings.Contains(body, "6:30 pm</time> <bdi>Asha") {
		t.Error("the card shows another zone's time")
	}
	// Half past two does not exist on the day on which the clocks go forward.
	form := []string{"provider", o.providers[0].ID.String(), "date", "2027-03-28", "time", "02:30", "version", version(a), "insist", "1", "reason", "early flight"}
	wants(t, o.owner.send("/app/appointments/"+a.ID.String()+"/move", form...), http.StatusUnprocessableEntity, "The clocks jump over this time")
	form[5] = "03:30"
	wants(t, o.owner.send("/app/appointments/"+a.ID.String()+"/move", form...), http.StatusSeeOther)
	if x := o.now(a); rfc(x.StartsAt) != "2027-03-28T01:30:00Z" {
		t.Errorf("stands at %s", rfc(x.StartsAt))
	}
	// The grid begins where the appointment stands, and skips the hour that is not there.
	wants(t, o.owner.get("/app/day?day=2027-03-28"), 200, `data-starts="2027-03-28T03:00:00+02:00"`, "3:30 am")
}
