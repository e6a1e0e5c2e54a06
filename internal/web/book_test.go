package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/scheduling"
)

// free asks for the panel's free times as the script does, and reads what it reads.
func (v visitor) free(t *testing.T, query string) (at, provider []string, key string) {
	t.Helper()
	body := wants(t, v.part("/app/free?"+query), 200, "!<html")
	for _, m := range regexp.MustCompile(`data-at="([^"]+)" data-provider="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		at, provider = append(at, strings.ReplaceAll(m[1], "&#43;", "+")), append(provider, m[2])
	}
	if m := regexp.MustCompile(`data-key-value="([^"]+)"`).FindStringSubmatch(body); m != nil {
		key = m[1]
	}
	return at, provider, key
}

// TestAReturningPatientIsBookedByThePanel walks the way of N, four characters, Enter, Enter.
func TestAReturningPatientIsBookedByThePanel(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "09:30")
	desk := o.as(access.FrontDesk)
	for _, typed := range []string{"3201", "ash", "Rao"} {
		wants(t, desk.do("/app/search", "q", typed), 200, `data-patient="`+a.Patient.String()+`"`, "Asha Rao", "!+919876543201", "!<html")
	}
	wants(t, desk.do("/app/search", "links", "1", "q", "asha"), 200, `href="/app/patients/`+a.Patient.String()+`"`)
	wants(t, desk.do("/app/search", "q", "a"), 200, "Type two letters")
	at, with, key := desk.free(t, "service="+o.service.ID.String()+"&provider=any&day=2026-11-23&patient="+a.Patient.String())
	if len(at) != 3 || key == "" || at[0] != "2026-11-23T09:30:00+05:30" || with[0] != o.providers[1].ID.String() {
		t.Fatalf("free: %v %v %q", at, with, key)
	}
	form := []string{"patient", a.Patient.String(), "service", o.service.ID.String(), "provider", with[0], "starts_at", at[0], "key", key, "name", "", "phone", "", "email", "", "note", "", "reason", ""}
	w := desk.do("/app/appointments", form...)
	wants(t, w, http.StatusNoContent)
	one, err := id.Parse(w.Header().Get("X-Appointment"))
	if err != nil {
		t.Fatal("no X-Appointment")
	}
	// The same form once more (a lost answer, a second press) books nothing more.
	w = desk.do("/app/appointments", form...)
	wants(t, w, http.StatusNoContent)
	if w.Header().Get("X-Appointment") != one.String() {
		t.Error("a repeated form booked again")
	}
	if x := o.now(scheduling.Appointment{ID: one}); x.Patient != a.Patient || x.Provider != o.providers[1].ID {
		t.Errorf("%+v", x)
	}
	// A time pressed in the grid comes first, taken or not; what is in its way is told when it is booked.
	at, _, _ = desk.free(t, "service="+o.service.ID.String()+"&provider="+o.providers[0].ID.String()+"&day=2026-11-23&at="+url.QueryEscape("2026-11-23T04:00:00Z"))
	if len(at) != 3 || at[0] != "2026-11-23T09:30:00+05:30" || at[1] != "2026-11-23T09:45:00+05:30" {
		t.Errorf("after a press: %v", at)
	}
	// Another day begins with that day's first time; a day that is over with the present moment.
	if at, _, _ = desk.free(t, "service="+o.service.ID.String()+"&provider=any&day=2026-11-24"); len(at) == 0 || at[0] != "2026-11-24T09:00:00+05:30" {
		t.Errorf("tomorrow: %v", at)
	}
	if at, _, _ = desk.free(t, "service="+o.service.ID.String()+"&provider=any&day=2026-11-01"); len(at) == 0 || at[0] != "2026-11-23T09:45:00+05:30" {
		t.Errorf("a day that is over: %v", at)
	}
	wants(t, desk.part("/app/free?service="+a.ID.String()+"&provider=any&day=2026-11-24"), 404, "!<html")
}

func TestOverbookingAsksWhy(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	form := []string{"service", o.service.ID.String(), "provider", o.providers[0].ID.String(), "starts_at", rfc(a.StartsAt), "key", "k1", "name", "Ravi Kumar", "phone", "+919876543202"}
	w := o.owner.do("/app/appointments", form...)
	wants(t, w, http.StatusConflict, "Somebody else took this time", "Asha Rao, Consultation", "!<")
	if w.Header().Get("X-May-Insist") == "" {
		t.Error("the panel is not told that it may ask why")
	}
	wants(t, o.owner.do("/app/appointments", append(form, "insist", "1", "reason", " ")...), http.StatusUnprocessableEntity, "Say why you book it anyway")
	w = o.owner.do("/app/appointments", append(form, "insist", "1", "reason", "an emergency")...)
	wants(t, w, http.StatusNoContent)
	again := o.owner.do("/app/appointments", append(form, "insist", "1", "reason", "an emergency")...)
	wants(t, again, http.StatusNoContent)
	if again.Header().Get("X-Appointment") != w.Header().Get("X-Appointment") {
		t.Error("a repeated form overbooked twice")
	}
	one, _ := id.Parse(w.Header().Get("X-Appointment"))
	if x := o.now(scheduling.Appointment{ID: one}); x.Lane != 1 || x.OverbookReason != "an emergency" {
		t.Errorf("%+v", x)
	}

	// The same as a page: what was typed stays, the conflict is shown, and the fields are named.
	form[5], form[7] = rfc(a.StartsAt), "k2"
	form = append(form, "note", "by the window")
	wants(t, o.owner.send("/app/appointments", form...), http.StatusConflict, "<html", "10:00 am – 10:15 am Asha Rao, Consultation", `name="insist"`, ">Book</button>", `value="Ravi Kumar"`, "by the window", "!<option value=\"\"")
	wants(t, o.owner.send("/app/appointments", append(form, "insist", "1")...), http.StatusUnprocessableEntity, `href="#f-reason"`, "Say why you book it anyway")
	// Outside the hours it is the same question.
	form[5] = rfc(o.at(monday, "13:15"))
	wants(t, o.owner.send("/app/appointments", form...), http.StatusConflict, "outside the working hours", `name="insist"`)
	w = o.owner.send("/app/appointments", append(form, "insist", "1", "reason", "she waits")...)
	wants(t, w, http.StatusSeeOther)
	// With anyone who is free there is nobody to overbook: other times are offered.
	form[3], form[5], form[7] = "any", rfc(o.at(monday, "03:00")), "k3"
	wants(t, o.owner.send("/app/appointments", form...), http.StatusConflict, "<html", "!name=\"insist\"", "Ravi Kumar", `value="2026-11-23T09:30:00+05:30"`)
}

// TestBookingWithoutScript goes by links and forms alone.
func TestBookingWithoutScript(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	desk := o.as(access.FrontDesk)
	wants(t, desk.get("/app/book?day=2026-11-24"), 200, `name="q"`, "!Show free times")
	wants(t, desk.seek("/app/book", "q", "asha", "day", "2026-11-24"), 200, "/app/book?patient="+a.Patient.String()+"&day=2026-11-24")
	wants(t, desk.seek("/app/book", "q", "Nobody", "day", "2026-11-24"), 200, "Nobody found", `value="Nobody"`, "A new patient")
	body := wants(t, desk.get("/app/book?patient="+a.Patient.String()+"&day=2026-11-24&service="+o.service.ID.String()+"&provider="+o.providers[1].ID.String()), 200, "Asha Rao", `value="2026-11-24T09:00:00+05:30"`, "!+919876543201")
	key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(body)[1]
	w := desk.send("/app/appointments", "patient", a.Patient.String(), "service", o.service.ID.String(), "provider", o.providers[1].ID.String(), "starts_at", "2026-11-24T09:00:00+05:30", "key", key)
	wants(t, w, http.StatusSeeOther)
	wants(t, desk.get(w.Header().Get("Location")), 200, "Booked.", "Asha Rao", "Person front-desk")
	wants(t, desk.get("/app/book?patient="+o.service.ID.String()), 404)
	wants(t, desk.get("/app/book?patient=1"), 404)
	wants(t, desk.send("/app/appointments", "service", "x"), 404)
	// Wrong fields: all of them, with what was typed.
	wants(t, desk.send("/app/appointments", "service", o.service.ID.String(), "provider", "any", "starts_at", "2026-11-24T10:00:00+05:30", "key", "k", "name", "", "phone", "123", "email", "no", "note", "by car"),
		http.StatusUnprocessableEntity, `href="#f-name"`, `href="#f-phone"`, `href="#f-email"`, `value="123"`, "by car")
	wants(t, desk.send("/app/appointments", "service", o.service.ID.String(), "provider", "any", "key", "k", "name", "Ravi"), http.StatusUnprocessableEntity, "Choose a time")
}

func TestANewPatientIsComparedFirst(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	form := []string{"service", o.service.ID.String(), "provider", "any", "starts_at", rfc(o.at(tuesday, "10:00")), "key", "k1", "name", "Aasha Rao", "phone", "098765 43201", "note", "by car"}
	wants(t, o.owner.send("/app/appointments", form...), http.StatusUnprocessableEntity, "Is it one of these?", "Asha Rao", `name="different"`, `value="Aasha Rao"`, "Nothing is booked yet", "/app/book?patient="+a.Patient.String())
	wants(t, o.owner.send("/app/appointments", form...), http.StatusUnprocessableEntity, "Is it one of these?")
	wants(t, o.owner.send("/app/appointments", append(form, "different", "1")...), http.StatusSeeOther)
	// The panel is told in a sentence, and shows its box.
	form[5], form[7], form[9] = rfc(o.at(tuesday, "11:00")), "k2", "Aysha Rao"
	for range 2 {
		w := o.owner.do("/app/appointments", form...)
		wants(t, w, http.StatusUnprocessableEntity, "Asha Rao", "tick the box and press the button once more", "!<")
		if w.Header().Get("X-Alike") == "" || w.Header().Get("X-Note-Hint") != "" {
			t.Errorf("the panel is told %v", w.Header())
		}
	}
	wants(t, o.owner.do("/app/appointments", append(form, "different", "1")...), http.StatusNoContent)
	hits, err := o.people.Search(context.Background(), o.owner.who, "Rao", 10)
	if err != nil || len(hits) != 3 {
		t.Errorf("%d people, %v", len(hits), err)
	}
}

func TestWordsOfHealthAreRemarkedOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	form := []string{"patient", a.Patient.String(), "service", o.service.ID.String(), "provider", "any", "starts_at", rfc(o.at(tuesday, "10:00")), "key", "k1", "note", "has diabetes"}
	wants(t, o.owner.send("/app/appointments", form...), http.StatusUnprocessableEntity, "may be about health", "has diabetes", "Nothing is booked yet", `name="note_seen" value="1"`)
	wants(t, o.owner.send("/app/appointments", append(form, "note_seen", "1")...), http.StatusSeeOther)
	form[7], form[9] = rfc(o.at(tuesday, "11:00")), "k2"
	w := o.owner.do("/app/appointments", form...)
	wants(t, w, http.StatusUnprocessableEntity, "may be about health", "press the button once more", "!<")
	if w.Header().Get("X-Note-Hint") == "" {
		t.Error("the panel is not told that it may send the note as it is")
	}
	wants(t, o.owner.do("/app/appointments", append(form, "note_seen", "1")...), http.StatusNoContent)
}
