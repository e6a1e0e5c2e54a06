package app

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// loop is one patient's way round: what she sees, her phone, and the desk that looks after her.
type loop struct {
	*opened
	b     *browser.Browser
	desk  *visitor
	phone string // the path of her phone
}

// window opens a page of the clinic in a window of somebody who has just signed in.
func (l *loop) window(t testing.TB, who *visitor, width int64, path string) *browser.Tab {
	t.Helper()
	x := l.b.Tab(t, width, 900)
	l.again(t, who, x, path)
	t.Cleanup(func() {
		for _, c := range x.Complaints() {
			t.Errorf("the console says: %s", c)
		}
	})
	return x
}

// again signs in anew, as everybody has to after a night, and opens the page.
func (l *loop) again(t testing.TB, who *visitor, x *browser.Tab, path string) {
	t.Helper()
	who.renew(t)
	l.cookies(t, who, x)
	x.GoTo(t, l.Server.URL+path)
}

func (l *loop) cookies(t testing.TB, who *visitor, x *browser.Tab) {
	t.Helper()
	for name, value := range who.cookies {
		x.Cookie(t, l.Server.URL, name, value)
	}
}

// bubbles are what the clinic wrote to her phone, the oldest first.
func (l *loop) bubbles() (out []string) {
	for _, p := range l.phones.List(l.Clinic.ID) {
		one, _ := l.phones.Open(l.Clinic.ID, p.Token)
		for _, b := range one.Bubbles {
			if !b.Mine {
				out = append(out, b.Text)
			}
		}
	}
	return out
}

// arrives waits until the clinic has written n times to her phone, and answers the last of it.
func (l *loop) arrives(t testing.TB, what string, n int) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && len(l.bubbles()) < n; time.Sleep(20 * time.Millisecond) {
	}
	all := l.bubbles()
	if len(all) != n {
		sent, err := l.Messages.Recent(t.Context(), l.Owner, messaging.Filter{})
		for _, m := range sent {
			t.Logf("%s by %s: %s %s", m.Kind, m.Channel, m.State, m.Reason)
		}
		t.Fatalf("%s: %d messages on the phone, not %d: %q, %v", what, len(all), n, all, err)
	}
	return all[n-1]
}

// silence waits until nothing of the clinic's is on its way, and fails unless the phone still has n messages.
func (l *loop) silence(t testing.TB, what string, n int) {
	t.Helper()
	who := access.Mint(l.Clinic.ID, id.Zero, id.Zero, id.Zero, access.System, access.Running)
	l.until(t, "the house has done what was due", func() bool {
		due := clock.Instant(0)
		err := l.DB.View(context.Background(), who, access.Work, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT (SELECT COUNT(*) FROM followup_due WHERE clinic_id = $1 AND due_at <= $2) + (SELECT COUNT(*) FROM reminder_due WHERE clinic_id = $1 AND due_at <= $2)
				+ (SELECT COUNT(*) FROM event WHERE clinic_id = $1 AND due_at <= $2) + (SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND state IN ('planned', 'sending', 'handing-over') AND send_at <= $2)`, v.Now()).Scan(&due)
		})
		return err == nil && due == 0
	})
	if all := l.bubbles(); len(all) != n {
		t.Errorf("%s: %d messages on the phone, not %d: %q", what, len(all), n, all[n:])
	}
}

var reviewLink = regexp.MustCompile(`/m/[A-Za-z0-9_-]+/review`)

// TestTheWholeLoop: a patient books on the clinic's page with her phone alone, and everything comes to her by
// WhatsApp. She confirms by a button and asks something; the desk answers inside the window, tries after it and is
// offered a template. The visit ends; two days later she is asked how it was; STOP ends it.
func TestTheWholeLoop(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	if err := h.connectPhones(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	}
	if err := h.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	owner := h.visitor()
	owner.email = h.roleMail(t, access.Owner)
	desk := h.visitor()
	desk.email = deskMail
	l := &loop{opened: h, b: browser.Start(t), desk: desk}

	l.asksForReviews(t, owner)
	visit := l.books(t)
	l.confirms(t, visit)
	thread := l.asksAndIsAnswered(t)
	l.windowCloses(t, thread)
	l.comes(t, visit)
	l.saysHowItWas(t, visit)
	l.isExplained(t, thread, visit)
	l.stops(t, visit)
	h.auditVerifies(t)
}

// asksForReviews: the owner switches on that patients are asked how it was, two days after the visit.
func (l *loop) asksForReviews(t *testing.T, owner *visitor) {
	x := l.window(t, owner, 1366, "/app/settings/followups")
	x.Fill(t, `#f-url`, "https://reviews.example.com/sunrise")
	x.Follow(t, `form[action$="/followups/link"] button`)
	x.Follow(t, `a[href="/app/settings/followups/new?kind=review"]`)
	x.Fill(t, `[name=days]`, "2")
	x.Fill(t, `[name=buffer]`, "1") // a day, so that STOP and not the pause keeps the second visit's away
	if !browser.Eval[bool](t, x, `document.querySelector("[name=active]").checked`) {
		x.Click(t, `[name=active]`)
	}
	x.Follow(t, `main form button.go`)
	if text := x.Text(t); !strings.Contains(text, "2 days after") {
		t.Fatalf("after the rule was made the page says %.600s", text)
	}
}

// books: a phone and no e-mail address, at 360 px without script, a quarter of an hour on the next morning.
func (l *loop) books(t *testing.T) scheduling.Appointment {
	x := l.b.Tab(t, 360, 740)
	x.NoScript(t)
	x.GoTo(t, l.Server.URL+"/c/"+demoSlug)
	x.Follow(t, `.pick a`)
	x.Follow(t, `.pick li:nth-child(2) a`)
	x.Follow(t, `.days li:nth-child(2) a`)
	x.Follow(t, `.times a`)
	x.Fill(t, `[name=name]`, "Asha Marigold")
	x.Fill(t, `[name=phone]`, "99999 10001")
	for _, purpose := range []string{"reminder", "review"} {
		x.Click(t, `[name=consent][value=`+purpose+`]`)
	}
	x.Follow(t, `main form button`)
	own := ownLink.FindString(x.Path(t))
	if own == "" {
		t.Fatalf("after booking she stands at %s: %.600s", x.Path(t), x.Text(t))
	}
	_, one, err := l.Desk.Enter(t.Context(), strings.TrimPrefix(own, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := l.Desk.Open(t.Context(), l.Owner, one)
	if err != nil {
		t.Fatal(err)
	}
	if text := l.arrives(t, "the confirmation is on her phone", 1); !strings.Contains(text, "/m/") {
		t.Errorf("it says %q", text)
	}
	return o.Appointment
}

// confirms: one touch on the phone, and the day page at the desk shows it by itself.
func (l *loop) confirms(t *testing.T, visit scheduling.Appointment) {
	d := l.window(t, l.desk, 1366, "/app/day?day="+string(visit.Day))
	d.WaitFor(t, `document.querySelector('`+cardOf(visit)+`.st-booked')`)
	x := l.b.Tab(t, 360, 740)
	l.cookies(t, l.desk, x)
	x.GoTo(t, l.Server.URL+"/app/outbox")
	x.Follow(t, `a[href^="/app/outbox/phone/"]`)
	l.phone = x.Path(t)
	if said := browser.Eval[string](t, x, `document.querySelector("[name=tap][value='0']").textContent.trim()`); said != "I will come" {
		t.Errorf("the first button says %q", said)
	}
	x.Follow(t, `[name=tap][value="0"]`)
	d.WaitFor(t, `document.querySelector('`+cardOf(visit)+`.st-confirmed')`)
}

// asksAndIsAnswered: her question comes up in the open inbox, and the answer is on her phone.
func (l *loop) asksAndIsAnswered(t *testing.T) (thread string) {
	const question, said = "May I bring my mother?", "Of course. There is a chair for her."
	d := l.window(t, l.desk, 1366, "/app/inbox")
	x := l.b.Tab(t, 360, 740)
	l.cookies(t, l.desk, x)
	l.writes(t, x, question)
	d.WaitFor(t, `[...document.querySelectorAll(".talk.new .bit")].some(b=>b.textContent.includes("`+question+`"))`)
	d.Follow(t, `.talk.new`)
	thread = d.Path(t)
	if text := d.Text(t); !strings.Contains(text, question) || !strings.Contains(text, "Asha Marigold") {
		t.Fatalf("the conversation says %.800s", text)
	}
	d.Fill(t, `#f-text`, said)
	d.Follow(t, `.typed button.go`)
	if got := l.arrives(t, "the answer is on her phone", 2); strings.TrimSpace(got) != said {
		t.Errorf("the phone says %q", got)
	}
	d.WaitFor(t, `[...document.querySelectorAll(".ln.out .fate")].some(f=>/Delivered|Read/.test(f.textContent))`) // reported by itself
	x.GoTo(t, l.Server.URL+l.phone)
	if !strings.Contains(x.Text(t), said) {
		t.Error("the page of the phone does not show the answer")
	}
	return thread
}

// writes types a message on her phone, by WhatsApp.
func (l *loop) writes(t testing.TB, x *browser.Tab, text string) {
	t.Helper()
	x.GoTo(t, l.Server.URL+l.phone)
	if !browser.Eval[bool](t, x, `document.querySelector("[name=channel][type=hidden],[name=channel]:checked")?.value==="whatsapp"`) {
		x.Click(t, `[name=channel][value=whatsapp]`)
	}
	x.Fill(t, `#write [name=text]`, text)
	x.Follow(t, `#write button.go`)
}

// windowCloses: the desk types while the window is open and sends after it has closed. Nothing goes, the words are
// kept, and the same place offers the approved text.
func (l *loop) windowCloses(t *testing.T, thread string) {
	const typed = "Please come ten minutes early."
	l.Fake.Move(23*time.Hour + 55*time.Minute)
	l.silence(t, "reminders that are long past do not come", 2)
	d := l.window(t, l.desk, 1366, thread)
	if !browser.Eval[bool](t, d, `!document.querySelector(".gate.for-whatsapp .offer")&&document.querySelector(".typed").offsetParent!==null`) {
		t.Fatalf("five minutes before the end nothing can be written: %.800s", d.Text(t))
	}
	d.Fill(t, `#f-text`, typed)
	l.Fake.Move(10 * time.Minute)
	d.Follow(t, `.typed button.go`)
	if text := d.Text(t); !strings.Contains(text, "window") && !strings.Contains(text, "24 hours") {
		t.Errorf("why nothing went is not said: %.900s", text)
	}
	if kept := browser.Eval[string](t, d, `document.querySelector("#f-text").value`); kept != typed {
		t.Errorf("of what was typed %q is kept", kept)
	}
	if !browser.Eval[bool](t, d, `(o=>!!o&&o.offsetParent!==null)(document.querySelector(".gate.for-whatsapp .offer [name=template]"))`) {
		t.Fatalf("the approved text is not offered: %.900s", d.Text(t))
	}
	l.silence(t, "a free text after the window", 2)
	d.Follow(t, `.gate.for-whatsapp .offer [name=template]`)
	if text := l.arrives(t, "the template is on her phone", 3); !strings.Contains(text, "Sunrise Clinic") {
		t.Errorf("it says %q", text)
	}
}

// comes: the desk walks the visit to its end.
func (l *loop) comes(t *testing.T, visit scheduling.Appointment) {
	d := l.window(t, l.desk, 1366, "/app/day?day="+string(visit.Day))
	d.WaitFor(t, `document.body.dataset.ready`)
	d.Click(t, cardOf(visit))
	for _, class := range []string{"st-arrived", "st-with", "st-completed"} {
		d.WaitFor(t, `document.querySelector("[data-panel] .acts form.wide button")&&!document.querySelector("[aria-busy]")`)
		d.Click(t, `[data-panel] .acts form.wide button`)
		d.WaitFor(t, `document.querySelector('`+cardOf(visit)+`.`+class+`')&&document.querySelector("[data-panel] .state.`+class+`")`)
	}
}

// saysHowItWas: two days later she is asked; she gives stars, and is shown the public page.
func (l *loop) saysHowItWas(t *testing.T, visit scheduling.Appointment) {
	l.Fake.Move(47 * time.Hour)
	l.silence(t, "she is not asked too early", 3)
	l.Fake.Move(2 * time.Hour)
	text := l.arrives(t, "she is asked how it was", 4)
	link := reviewLink.FindString(text)
	if link == "" || strings.Count(text, "STOP") != 1 {
		t.Fatalf("it has no link, or not one way to end it: %q", text)
	}
	x := l.b.Tab(t, 360, 740)
	x.NoScript(t)
	x.GoTo(t, l.Server.URL+link)
	x.Click(t, `[name=stars][value="4"]`)
	x.Fill(t, `[name=words]`, "Kind people.")
	x.Follow(t, `main form button.go`)
	if shown := x.Text(t); !strings.Contains(shown, "reviews.example.com") {
		t.Errorf("the public page is not offered: %.600s", shown)
	}
	if said, err := l.Followup.Said(t.Context(), l.Owner, false, 0, 10); err != nil || len(said) != 1 || said[0].Stars != 4 || said[0].Appointment != visit.ID {
		t.Errorf("the clinic has %+v, %v", said, err)
	}
}

// isExplained: the page of the delivery says why she was asked and how far it came, and leads to her conversation.
func (l *loop) isExplained(t *testing.T, thread string, visit scheduling.Appointment) {
	sent, err := l.Messages.Recent(t.Context(), l.Owner, messaging.Filter{Patient: visit.Patient})
	if err != nil || len(sent) == 0 || sent[0].Kind != messaging.Review {
		t.Fatalf("%+v, %v", sent, err)
	}
	d := l.window(t, l.desk, 1366, "/app/messages/"+sent[0].ID.String())
	for _, want := range []string{"The patient agreed to it.", "2 days after the appointment, at 10:00", "It was outside them.", "WhatsApp", "The provider’s number of it", "ReviewURL"} {
		if want == "ReviewURL" {
			want = l.Book.Tongue("en").Say("variable.ReviewURL")
		}
		if text := d.Text(t); !strings.Contains(text, want) {
			t.Errorf("the delivery does not say %q: %.1500s", want, text)
		}
	}
	d.WaitFor(t, `[...document.querySelectorAll("a")].some(a=>a.pathname==="`+strings.Split(thread, "?")[0]+`")`)
	var answer id.ID
	for _, m := range sent {
		if m.Kind == messaging.Answered {
			answer = m.ID
		}
	}
	d.GoTo(t, l.Server.URL+"/app/messages/"+answer.String())
	if browser.Eval[bool](t, d, `!!document.querySelector("main a[href^='/app/appointments/']")`) || !strings.Contains(d.Text(t), "a person of the clinic sent it") {
		t.Errorf("the page of an answer leads to an appointment, or does not say who caused it: %.900s", d.Text(t))
	}
}

// stops: STOP is answered once, however often it is said, and after another visit nothing comes of what needs her yes.
func (l *loop) stops(t *testing.T, visit scheduling.Appointment) {
	l.desk.renew(t)
	x := l.b.Tab(t, 360, 740)
	l.cookies(t, l.desk, x)
	l.writes(t, x, "STOP")
	if text := l.arrives(t, "STOP is answered", 5); !strings.Contains(text, "no more") {
		t.Errorf("STOP is answered by %q", text)
	}
	l.writes(t, x, "stop")
	day := l.today().AddDays(1)
	free, err := l.Desk.FreeTimes(t.Context(), l.Owner, visit.Service, visit.Provider, day, day)
	if err != nil || len(free.Slots) == 0 {
		t.Fatalf("%v, %d times", err, len(free.Slots))
	}
	r, err := l.Desk.Book(t.Context(), l.Owner, scheduling.Booking{Service: visit.Service, Provider: visit.Provider, StartsAt: free.Slots[len(free.Slots)-1].StartsAt, PatientID: visit.Patient, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	again := r.Appointment
	l.Fake.Move(5 * time.Minute) // the pause in which the desk may think better of it
	if text := l.arrives(t, "what the appointment needs still comes", 6); !strings.Contains(text, "/m/") {
		t.Errorf("the second confirmation says %q", text)
	}
	l.Fake.Move(time.Duration(again.StartsAt.Time().Sub(l.Fake.Now())) - 90*time.Minute)
	l.silence(t, "no reminder after STOP", 6)
	l.Fake.Move(2 * time.Hour)
	for _, to := range []scheduling.Status{scheduling.Arrived, scheduling.InProgress, scheduling.Completed} {
		o, err := l.Desk.Open(t.Context(), l.Owner, again.ID)
		if err == nil {
			_, err = l.Desk.SetStatus(t.Context(), l.Owner, again.ID, o.Version, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l.Fake.Move(5 * time.Minute)
	l.silence(t, "nothing is written at once", 6)
	l.Fake.Move(72 * time.Hour)
	l.silence(t, "no review after STOP", 6)
	sent, err := l.Messages.Recent(t.Context(), l.Owner, messaging.Filter{Patient: visit.Patient})
	if err != nil {
		t.Fatal(err)
	}
	answers := 0
	for _, m := range sent {
		if m.Kind == messaging.StopHeard {
			answers++
		}
		if m.Appointment == again.ID && m.Kind != messaging.Booked && m.State == messaging.Sent {
			t.Errorf("after STOP %s went out by %s", m.Kind, m.Channel)
		}
	}
	if answers != 1 {
		t.Errorf("STOP was answered %d times", answers)
	}
}
