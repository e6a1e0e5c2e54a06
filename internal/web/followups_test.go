package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/scheduling"
)

// came is somebody with a link who has been at the clinic today.
func (o *office) came() (scheduling.Appointment, string) {
	o.t.Helper()
	token := o.ownLink()
	_, one, err := o.desk.Enter(context.Background(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.mark(one.String(), scheduling.Arrived, token)
}

func (o *office) mark(one string, to scheduling.Status, token string) (scheduling.Appointment, string) {
	o.t.Helper()
	_, at, err := o.desk.Enter(context.Background(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	now, err := o.desk.Open(context.Background(), o.owner.who, at)
	if err == nil {
		now.Appointment, err = o.desk.SetStatus(context.Background(), o.owner.who, at, now.Version, to)
	}
	if err != nil || now.ID.String() != one {
		o.t.Fatal(err)
	}
	return now.Appointment, token
}

func TestAPatientSaysHowItWas(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "feedback-first")
	o := openOffice(t)
	const settings, public = "/app/settings/followups", "https://reviews.example.com/desk"
	wants(t, o.owner.send(settings+"/link", "version", "0", "url", "http://reviews.example.com"), 422, "beginning with https://", `value="http://reviews.example.com"`)
	leads(t, o.owner.send(settings+"/link", "version", "0", "url", public), settings+"?done=saved")
	token := o.ownLink()
	g, page := o.guest(), "/m/"+token+"/review"
	wants(t, g.get(page), 200, "once you have been there", "!reviews.example.com", "!<script")
	_, one, err := o.desk.Enter(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	o.mark(one.String(), scheduling.Arrived, token)
	wants(t, g.get("/m/"+token), 200, page)
	// The clinic first: nothing of the public page is shown, or reached, before.
	wants(t, g.get(page), 200, `name="stars"`, "!reviews.example.com")
	if w := g.post(page, page+"/leave"); w.Code != http.StatusNotFound {
		t.Errorf("on to the public page before the clinic was told: %d", w.Code)
	}
	wants(t, g.post(page, page, "words", "So it was."), 422, "1 to 5 stars", "So it was.")
	leads(t, g.post(page, page, "stars", "1", "words", "<b>Slow</b>"), page)
	// And then the public page, for one star as for five.
	wants(t, g.get(page), 200, "★☆☆☆☆", "<b>Slow</b>", "Go to reviews.example.com", "belongs to another company", "!<script")
	w := g.post(page, page+"/leave")
	wants(t, w, 200, `href="`+public+`"`, `rel="external noreferrer noopener"`, "belongs to another company", "!<script")
	if got := w.Header().Get("Refresh"); got != "0; url="+public {
		t.Errorf("it does not go on by itself: %q", got)
	}
	desk := o.as(access.FrontDesk)
	body := wants(t, desk.get("/app/reviews?open=1"), 200, "★☆☆☆☆", "<b>Slow</b>", "Leela Lotus", "Went on to the public page", "!"+"<b>Slow</b></p><b>")
	wants(t, desk.get("/app"), 200, "1 complaint waits")
	m := regexp.MustCompile(`action="(/app/reviews/[^"]+/settle)".*?name="seen" value="(\d+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("the complaint cannot be settled")
	}
	o.Clock.Move(time.Second)
	leads(t, g.post(page+"?again=1", page, "stars", "2", "words", "Slower"), page)
	wants(t, desk.send(m[1], "seen", m[2]), 409, "Slower")
	m = regexp.MustCompile(`name="seen" value="(\d+)"`).FindStringSubmatch(desk.get("/app/reviews").Body.String())
	body = desk.get("/app/reviews").Body.String()
	action := regexp.MustCompile(`action="(/app/reviews/[^"]+/settle)"`).FindStringSubmatch(body)[1]
	leads(t, desk.send(action, "seen", m[1]), "/app/reviews?done=review-settled")
	wants(t, desk.get("/app/reviews?open=1"), 200, "No complaint waits", "!Slower")
	if w := o.as(access.Billing).get("/app/reviews"); w.Code != http.StatusForbidden {
		t.Errorf("billing reads what patients say: %d", w.Code)
	}
	for _, lang := range []string{"hi", "ta", "ar"} {
		if body := wants(t, o.guest().ask("GET", page, nil, func(r *http.Request) { r.Header.Set("Accept-Language", lang) }), 200); !strings.Contains(body, `lang="`+lang+`"`) {
			t.Errorf("the page in %s", lang)
		}
	}
}

func TestRulesAfterVisits(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/settings/followups"
	wants(t, o.owner.get(page), 200, "No rule is set up yet", "Suggestions", "Switch on", "3 days after the appointment")
	// Nobody is asked about what the clinic does not do.
	details := "/c/desk/book?service=" + o.service.ID.String() + "&provider=any&at=" + strings.ReplaceAll(rfc(o.at(tuesday, "11:00")), "+", "%2B")
	wants(t, o.guest().get(details), 200, "Remind me", "!Ask me after a visit")
	leads(t, o.owner.send(page+"/new", "kind", "review", "channel", "email", "days", "2", "at", "11:00", "buffer", "90", "active", "1"), page+"?done=followup-saved")
	wants(t, o.guest().get(details), 200, "Remind me", "Ask me after a visit")
	wants(t, o.owner.send(page+"/new", "kind", "review", "channel", "email", "days", "x", "at", "23:00", "buffer", "0"), 422, "from 1 to 30", "Nobody is written to at night", "from 1 to 730", `value="x"`, `value="23:00"`)
	wants(t, o.owner.send(page+"/new", "kind", "recall", "channel", "email", "days", "180", "at", "10:00"), 422, "Choose the service")
	wants(t, o.owner.get(page+"/new?kind=nothing"), 404)
	a := o.booked("Asha Rao", "+919811198111", 0, monday, "09:45")
	if _, err := o.desk.SetStatus(context.Background(), o.owner.who, a.ID, a.Version, scheduling.Arrived); err != nil {
		t.Fatal(err)
	}
	if err := o.consents.Set(context.Background(), o.owner.who, a.Patient, consent.Choice{Purpose: consent.Review, Given: true}); err != nil {
		t.Fatal(err)
	}
	rules, _, err := followup.New(o.DB).Afters(context.Background(), o.owner.who)
	if err != nil || len(rules) != 1 {
		t.Fatal(len(rules), err)
	}
	one := page + "/" + rules[0].ID.String()
	// The visit is not over yet; two days later it would be written about, if she had an address.
	wants(t, o.owner.get(one+"?day=2026-11-25"), 200, "Visits looked at", "The visit is still to come", "Nobody")
	wants(t, o.owner.get(one+"?day=tomorrow"), 422, "Choose a day from today on", `value="tomorrow"`)
	o.Clock.Move(40 * time.Minute)
	wants(t, o.owner.get(one+"?day=2026-11-25"), 200, "There is no address")
	leads(t, o.owner.send(one+"/state", "version", "1", "to", "pause"), page+"?done=followup-paused")
	wants(t, o.owner.get(page), 200, "Paused")
	wants(t, o.owner.send(one, "version", "1", "channel", "email", "days", "3", "at", "10:00", "buffer", "60"), 409, "Somebody changed this")
	leads(t, o.owner.send(one, "version", "2", "channel", "email", "days", "3", "at", "10:00", "buffer", "60", "active", "1"), page+"?done=followup-saved")
	wants(t, o.owner.get(page), 200, "3 days after the appointment", "after 60 days", "!Paused")
	wants(t, o.owner.get("/app/settings/messages/review/en"), 200, "ReviewURL")
	leads(t, o.owner.send(one+"/remove", "version", "3"), page+"?done=followup-removed")
	wants(t, o.owner.get(one), 404)
}

// TestStoppingOnePurpose: the link of a follow-up stops follow-ups, and nothing else.
func TestStoppingOnePurpose(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	a, token := o.came()
	for _, p := range consent.Asked() {
		if err := o.consents.Set(context.Background(), o.owner.who, a.Patient, consent.Choice{Purpose: p, Given: true}); err != nil {
			t.Fatal(err)
		}
	}
	path := messaging.StopPath(token, consent.Review)
	wants(t, o.guest().get(path), 200, "Your opinion", path)
	wants(t, o.guest().get(strings.Replace(path, "review", "booking", 1)), 404)
	wants(t, o.guest().ask("POST", path, nil, func(*http.Request) {}), 200)
	states, err := o.consents.Of(context.Background(), o.owner.who, a.Patient)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range states {
		if st.Given == (st.Purpose == consent.Review) {
			t.Errorf("%s: %v", st.Purpose, st.Given)
		}
	}
}
