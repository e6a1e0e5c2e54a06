package app

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/carriers/local"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

const ashaPhone = "+919999910001"

// whatsApp sends a question with buttons to the number, through the clinic's own account at the stand-in.
func (h *opened) whatsApp(t testing.TB, number, name, text string) {
	t.Helper()
	list, err := h.Messages.Accounts(t.Context(), h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(a messaging.Account) bool { return a.Provider == local.WhatsAppName })
	if i < 0 {
		t.Fatalf("the clinic has no account at %s: %+v", local.WhatsAppName, list)
	}
	c := messaging.Connection{ID: list[i].ID, Provider: list[i].Provider, Sender: list[i].Sender, HookURL: list[i].HookURL}
	err = h.DB.View(t.Context(), h.Owner, access.MessageAccounts, func(_ context.Context, v *store.View) error {
		var sealed []byte
		if err := v.Row(`SELECT credentials FROM channel WHERE clinic_id = $1 AND id = $2`, c.ID).Scan(&sealed); err != nil {
			return err
		}
		secret, err := v.Unseal(c.ID, "channel", "credentials", c.ID, sealed)
		c.Credentials = []byte(secret)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := h.phones.Providers()[0].Send(t.Context(), messaging.Outgoing{ID: id.New(h.Fake.Now()), Channel: messaging.WhatsApp, To: number, ToName: name, FromName: h.Clinic.Name, Text: text, Language: "en", Via: &c,
		Call:    &messaging.Call{Name: "booked", Language: "en", Use: messaging.Utility, Payloads: []string{"come", "move", "cancel"}},
		Buttons: []messaging.Button{{Payload: "come", Title: "I will come"}, {Payload: "move", Title: "Another time"}, {Payload: "cancel", Title: "I cannot come"}}}, func() error { return nil })
	if r.Outcome != messaging.Accepted {
		t.Fatalf("the question: %+v", r)
	}
}

var phoneLink = regexp.MustCompile(`/app/outbox/phone/[A-Za-z0-9_-]+`)

// answeredPhone answers the address of a phone to which the clinic wrote and from which it was answered.
func (h *opened) answeredPhone(t testing.TB, owner *visitor) string {
	t.Helper()
	if err := h.connectPhones(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	}
	h.whatsApp(t, ashaPhone, "Asha Marigold", "Hello, this is Sunrise Clinic. You have an appointment on Thursday 26 November 2026 at 9:15 am with Dr Anjali Mehta.\n\nWill you come? You can also change it yourself: "+h.Server.URL+"/m/3vQ9xTq2nZk5Yb7Wc8LrPd")
	page := phoneLink.FindString(owner.page(t, "/app/outbox").body)
	form := owner.page(t, page).form(t, page)
	form.Set("tap", "0")
	owner.post(t, page, form)
	owner.post(t, page, url.Values{"text": {"May I bring my mother?"}, "channel": {"whatsapp"}})
	return page
}

// heard counts the clinic's news of the kind.
func (h *opened) heard(t testing.TB, kind messaging.News) (n int) {
	t.Helper()
	err := h.DB.View(t.Context(), h.Owner, access.MessageRead, func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND news = $2`, string(kind)).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheDemoIsAnsweredFromAPhone: somebody with a phone alone books; the confirmation comes to her phone, its
// delivery is reported by itself; a visitor opens the phone, touches a button and writes, and the clinic hears it.
func TestTheDemoIsAnsweredFromAPhone(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		if err := h.connectPhones(t.Context(), h.Owner); err != nil {
			t.Fatal(err)
		}
		if err := h.connectPhones(t.Context(), h.Owner); err != nil { // the next start
			t.Fatal(err)
		}
		if list, err := h.Messages.Accounts(t.Context(), h.Owner); err != nil || len(list) != 2 || list[0].Sender != demoNumbers[list[0].Provider] {
			t.Fatalf("%v, accounts %+v", err, list)
		}
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		x := &texting{opened: h, t: t}
		x.books(ashaPhone, 3)
		h.until(t, "the confirmation is on the phone", func() bool {
			list := h.phones.List(h.Clinic.ID)
			return len(list) == 1 && strings.Contains(list[0].Bubbles[0].Text, h.Server.URL+"/m/")
		})
		h.until(t, "it is known to have arrived", func() bool { r, _ := x.reached(ashaPhone); return r == "delivered" })

		desk := h.signIn(t, deskMail)
		page := phoneLink.FindString(desk.page(t, "/app/outbox").body)
		if page == "" || strings.Contains(page, "9999") {
			t.Fatalf("the outbox leads to the phone %q", page)
		}
		h.whatsApp(t, ashaPhone, "Asha", "Will you come?")
		shown := desk.page(t, page).body
		if !strings.Contains(shown, "Will you come?") || !strings.Contains(shown, `<a href="`+h.Server.URL+"/m/") || !strings.Contains(shown, "Another time") {
			t.Fatalf("the phone shows %s", problems(shown))
		}
		was := h.heard(t, messaging.MessageNews)
		form := desk.page(t, page).form(t, page) // the first form on the page is that of the buttons
		form.Set("tap", "1")
		if a := desk.post(t, page, form); a.status != http.StatusSeeOther || a.head.Get("Location") != page+"#write" {
			t.Errorf("the button: %s", a)
		}
		desk.post(t, page, url.Values{"text": {"May I bring my mother?"}, "channel": {"sms"}})
		if n := h.heard(t, messaging.MessageNews) - was; n != 2 {
			t.Errorf("the clinic heard %d times, the phone said two things", n)
		}
		h.until(t, "the question waits at the clinic", func() bool {
			a, err := h.Messages.Inbox(t.Context(), h.Owner, messaging.InboxFilter{})
			return err == nil && slices.ContainsFunc(a, func(w messaging.Summary) bool { return w.Snippet == "May I bring my mother?" })
		})
		if body := desk.page(t, page).body; !strings.Contains(body, `aria-pressed="true"`) || !strings.Contains(body, "May I bring my mother?") {
			t.Errorf("what was answered is not on the phone: %s", problems(body))
		}

		other := h.newcomer(t, url.Values{"person": {"Leela Lotus"}, "email": {"leela@lotus.example.org"}, "phone": {"+91 98450 12345"}, "job_title": {"owner"},
			"password": {demoPassword}, "clinic_name": {"Lotus Clinic"}, "country": {"IN"}, "zone": {"Asia/Kolkata"}, "terms": {TermsVersion}}, "lotus")
		if a := other.get(t, page); a.status != http.StatusNotFound {
			t.Errorf("another clinic looks at the phone: %s", a)
		}
		if a := other.submit(t, page, url.Values{"text": {"hello"}, "channel": {"sms"}}); a.status != http.StatusNotFound {
			t.Errorf("another clinic writes from the phone: %s", a)
		}
		x.auditVerifies(t)
		x.nothingBroken(t)
	})
}

// TestOnlyTheDemoHasPhones: any other house offers no stand-in and has no such page.
func TestOnlyTheDemoHasPhones(t *testing.T) {
	t.Parallel()
	c := settingsIn(t, t.TempDir(), store.SQLite, nil)
	c.Demo = false
	h, err := Open(t.Context(), c, clock.NewFake(morning), silent(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if got := h.Messages.Providers(); len(got) != 0 || h.phones != nil || h.demoPhones() != nil {
		t.Errorf("the house offers %v", got)
	}
}

// TestARealProviderGoesFirst: a channel for which the deployment offers a provider is left to it.
func TestARealProviderGoesFirst(t *testing.T) {
	t.Parallel()
	_, more := withTwilio(t)
	h := openHouse(t, store.SQLite, Options{}, more)
	if err := h.connectPhones(t.Context(), h.Owner); err != nil {
		t.Fatal(err)
	}
	list, err := h.Messages.Accounts(t.Context(), h.Owner)
	if err != nil || len(list) != 1 || list[0].Channel != messaging.WhatsApp {
		t.Errorf("%v, accounts %+v", err, list)
	}
}
