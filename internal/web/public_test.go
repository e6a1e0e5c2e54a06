package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/clock"
	"almirah/internal/scheduling"
)

var keyOf = regexp.MustCompile(`name="key" value="([^"]+)"`)

// details is the address of the form for the first practitioner at that time.
func (o *office) details(at clock.Instant) string {
	return "/c/desk/book?service=" + o.service.ID.String() + "&provider=" + o.providers[0].ID.String() + "&at=" + url.QueryEscape(rfc(at))
}

// wished is the form filled in, with the key that the page gave it.
func (o *office) wished(key string, at clock.Instant) []string {
	return []string{"service", o.service.ID.String(), "provider", o.providers[0].ID.String(), "starts_at", rfc(at), "key", key, "name", "Leela Lotus", "phone", "+919811198110"}
}

// TestAGoneTimeIsToldTruly: who has booked and goes back is not told that somebody else has her time, nor that she has nothing.
func TestAGoneTimeIsToldTruly(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g, at := o.guest(), o.at(tuesday, "10:00")
	key := keyOf.FindStringSubmatch(wants(t, g.get(o.details(at)), 200))[1]
	w := g.post("", "/c/desk/book", o.wished(key, at)...)
	wants(t, w, http.StatusSeeOther)
	own := w.Header().Get("Location")

	// She goes back, or asks again because the answer was lost.
	wants(t, g.get(o.details(at)), http.StatusConflict, "10:00 am is no longer free", "If you have just booked it yourself, your booking stands", "!Somebody else", "!Nothing was booked")
	// The same form once more leads to the same confirmation.
	if w := g.post("", "/c/desk/book", o.wished(key, at)...); w.Header().Get("Location") != own {
		t.Errorf("the same form once more: %d to %q, not to %q", w.Code, w.Header().Get("Location"), own)
	}
	// A changed one is told in plain words, keeps what was typed, and gets a key of its own.
	changed := append(o.wished(key, o.at(tuesday, "11:00")), "email", "leela@example.org")
	body := wants(t, g.post("", "/c/desk/book", changed...), http.StatusUnprocessableEntity, "This form has booked already", `value="leela@example.org"`, "!dempotency", "!href=\"#f-idempotency_key\"")
	next := keyOf.FindStringSubmatch(body)[1]
	if next == key {
		t.Fatal("the form keeps the key that was used")
	}
	changed[7] = next
	wants(t, g.post("", "/c/desk/book", changed...), http.StatusSeeOther)

	// Somebody else sends a form for a time that is gone: nothing was booked.
	wants(t, o.guest().post(o.details(o.at(tuesday, "16:00")), "/c/desk/book", o.wished("another", at)...), http.StatusConflict, "10:00 am is no longer free", "Nothing was booked for you just now", "Choose another time")
}

// TestARefusedTimeSaysWhy: only a lost race says that nothing was booked; what else stands in the way has a sentence of its own.
func TestARefusedTimeSaysWhy(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	g := o.guest()
	wants(t, g.get(o.details(o.at(tuesday, "16:00"))), 200) // for the mark of a form
	ask := func(at clock.Instant, texts ...string) {
		t.Helper()
		wants(t, g.post("", "/c/desk/book", o.wished("k"+rfc(at), at)...), http.StatusConflict, append(texts, "!Nothing was booked")...)
	}
	ask(o.at(monday, "09:30"), "It is too late to book this time online")
	ask(o.at(tuesday, "20:00"), "outside the working hours")
	p, err := o.desk.AddLeave(context.Background(), o.owner.who, scheduling.Leave{Provider: o.providers[0].ID, From: o.at(tuesday, "10:00"), To: o.at(tuesday, "11:00")})
	if err != nil || len(p) != 0 {
		t.Fatal(p, err)
	}
	ask(o.at(tuesday, "10:00"), "This time is no longer open")

	// On her own page a refused change says that the appointment stays.
	key := keyOf.FindStringSubmatch(wants(t, g.get(o.details(o.at(tuesday, "12:00"))), 200))[1]
	own, _, _ := strings.Cut(g.post("", "/c/desk/book", o.wished(key, o.at(tuesday, "12:00"))...).Header().Get("Location"), "?")
	o.booked("Asha Rao", "+919876543201", 0, tuesday, "12:30")
	wants(t, g.post(own+"/change?at="+url.QueryEscape(rfc(o.at(tuesday, "12:30"))), own+"/change", "starts_at", rfc(o.at(tuesday, "12:30"))), http.StatusConflict,
		"12:30 pm is no longer free", "Your appointment stays as it was", "!Nothing was booked")

	// The clinic takes no more bookings while she types.
	c := o.clinic(t)
	rules := c.Rules()
	rules.Online = false
	if err := o.clinics.SaveRules(context.Background(), o.owner.who, rules, c.Version); err != nil {
		t.Fatal(err)
	}
	ask(o.at(tuesday, "11:30"), "does not take bookings online at the moment", "!no longer free")
}
