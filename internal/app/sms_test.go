package app

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig/sms"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// texting is a house whose clinic has an account of its own at a (fake) Twilio.
type texting struct {
	*opened
	t       *testing.T
	twilio  *sms.Twilio
	account messaging.Account
	typed   map[string]string
}

const clinicNumber = "+18005550100"

func openTexting(t *testing.T, engine store.Engine) *texting {
	t.Helper()
	fake := clock.NewFake(morning)
	tw := sms.StartTwilio(t, sms.Account{}, fake)
	h := openHouse(t, engine, Options{}, map[string]string{"ALMIRAH_TWILIO_URL": tw.URL()})
	x := &texting{opened: h, t: t, twilio: tw, typed: map[string]string{"account_sid": tw.Account().SID, "auth_token": tw.Account().Token, "from": clinicNumber}}
	if err := h.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	var err error
	if x.account, err = h.Messages.Connect(t.Context(), h.Owner, "twilio", x.typed, true); err != nil {
		t.Fatal(err)
	}
	return x
}

// books has somebody with a phone and no e-mail address book, who agrees to be reminded.
func (x *texting) books(phone string, days int) (scheduling.Appointment, id.ID) {
	x.t.Helper()
	day := x.today().AddDays(days)
	free, err := x.Desk.FreeTimes(x.t.Context(), x.Owner, x.Practice.services[0].ID, x.Practice.providers[0].ID, day, day)
	if err != nil || len(free.Slots) == 0 {
		x.t.Fatalf("%v, %d times", err, len(free.Slots))
	}
	r, err := x.Desk.Book(x.t.Context(), access.Mint(x.Clinic.ID, id.Zero, id.Zero, id.Zero, access.Public, access.Care), scheduling.Booking{Service: x.Practice.services[0].ID, Provider: x.Practice.providers[0].ID,
		StartsAt: free.Slots[4].StartsAt, Language: "en", Patient: patients.Draft{Name: "Asha " + words4(phone), Phone: phone, BirthDate: "1980-02-03", Language: "en"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}}})
	if err != nil {
		x.t.Fatal(err)
	}
	return r.Appointment, r.Appointment.Patient
}

// words4 makes another name of another number.
func words4(phone string) string {
	return strings.NewReplacer("0", "Ba", "1", "Da", "2", "Ga", "3", "Ka", "4", "La", "5", "Ma", "6", "Na", "7", "Pa", "8", "Ra", "9", "Sa").Replace(phone[len(phone)-4:])
}

// to are the texts that the provider has for the number.
func (x *texting) to(phone string) (out []sms.Message) {
	for _, m := range x.twilio.Messages() {
		if m.To == phone {
			out = append(out, m)
		}
	}
	return out
}

// report posts the calls to the house and answers the last status.
func (x *texting) report(calls []sms.Call) int {
	x.t.Helper()
	status := 0
	for _, c := range calls {
		res, err := sms.Post(x.t.Context(), http.DefaultClient, c, func(u string) string { return u })
		if err != nil {
			x.t.Fatal(err)
		}
		status = res.StatusCode
		_ = res.Body.Close()
	}
	return status
}

func (x *texting) message(phone string) messaging.Delivery {
	x.t.Helper()
	all, err := x.Messages.Recent(x.t.Context(), x.Owner, messaging.Filter{})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, d := range all {
		if strings.Contains(d.Name.Text, words4(phone)) {
			return d
		}
	}
	return messaging.Delivery{}
}

func (x *texting) reached(phone string) (reached, state string) {
	x.t.Helper()
	m := x.message(phone).ID
	who := access.Mint(x.Clinic.ID, id.Zero, id.Zero, id.Zero, access.Owner, access.Running)
	err := x.DB.View(x.t.Context(), who, access.MessageRead, func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT reached, state FROM message WHERE clinic_id = $1 AND id = $2`, m).Scan(&reached, &state)
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return reached, state
}

// TestSMSByTheClinicsOwnAccount follows texts through an account of the clinic's own, over real HTTP on both sides: the
// confirmation, what the provider reports of it in every order, STOP and START, an answer that waits for a person.
func TestSMSByTheClinicsOwnAccount(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-account-alone", "stop-is-heard")
	engines(t, func(t *testing.T, engine store.Engine) {
		x := openTexting(t, engine)
		const asha, ravi, mina = "+919845010001", "+919845010002", "+919845010003"
		x.books(asha, 3)
		x.until(t, "the confirmation is with the provider", func() bool { return len(x.to(asha)) == 1 })
		got := x.to(asha)[0]
		if got.From != clinicNumber || !strings.Contains(got.Body, "Sunrise Clinic") || !strings.Contains(got.Body, "/m/") || strings.Contains(got.Body, "Consultation") || strings.Contains(got.Body, "Asha") {
			t.Errorf("the text: %q from %s", got.Body, got.From)
		}

		// Reports come twice and the last first; what is forged changes nothing.
		calls := x.twilio.Callbacks(got.SID, sms.Story{Duplicate: true, Reverse: true, Extra: true})
		forged := calls[0]
		forged.Header = forged.Header.Clone()
		forged.Header.Set("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		if status := x.report([]sms.Call{forged}); status != http.StatusForbidden {
			t.Errorf("a forged report: %d", status)
		}
		if status := x.report(calls); status != http.StatusOK {
			t.Errorf("the reports: %d", status)
		}
		x.until(t, "the text has arrived", func() bool { r, _ := x.reached(asha); return r == "delivered" })

		// One that could not be delivered, of which "sent" is heard afterwards.
		x.books(ravi, 3)
		x.until(t, "the second confirmation is with the provider", func() bool { return len(x.to(ravi)) == 1 })
		x.report(x.twilio.Callbacks(x.to(ravi)[0].SID, sms.Story{States: []string{"sent", "undelivered"}, Reverse: true, ErrorCode: 30003}))
		x.until(t, "the failure is known", func() bool { r, s := x.reached(ravi); return r == "failed" && s == "refused" })

		// STOP closes reminders on this channel, whoever else is reached at the number; START opens them again.
		appointment, patient := x.books(mina, 4)
		x.until(t, "the third confirmation", func() bool { return len(x.to(mina)) == 1 })
		may := func() bool {
			var ok bool
			err := x.DB.View(t.Context(), x.Owner, access.PatientRead, func(_ context.Context, v *store.View) (err error) {
				ok, _, err = consent.May(v, patient, consent.Reminder, "sms")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !may() {
			t.Fatal("she agreed to be reminded")
		}
		x.report(x.twilio.Writes(x.account.HookURL, mina, clinicNumber, "रोकें", "", sms.Story{Duplicate: true}))
		x.until(t, "STOP is heard", func() bool { return !may() })
		x.report(x.twilio.Writes(x.account.HookURL, mina, clinicNumber, "START", "START", sms.Story{}))
		x.until(t, "START is heard", may)
		x.report(x.twilio.Writes(x.account.HookURL, mina, clinicNumber, "Stop.", "STOP", sms.Story{}))
		x.until(t, "STOP is heard again", func() bool { return !may() })
		x.Fake.Move(time.Duration(appointment.StartsAt.Time().Sub(x.Fake.Now())) - 23*time.Hour)
		x.until(t, "Asha is reminded", func() bool { return len(x.to(asha)) >= 1 })
		time.Sleep(500 * time.Millisecond)
		if n := len(x.to(mina)); n != 2 {
			t.Errorf("%d texts went out: the confirmation, and one answer to the STOP that the provider does not know and so has not answered itself, are wanted", n)
		}

		// A question waits for a person; nobody is written to by itself.
		x.report(x.twilio.Writes(x.account.HookURL, mina, clinicNumber, "May I bring my report? stop me if not", "", sms.Story{}))
		x.until(t, "the question waits", func() bool {
			a, err := x.Messages.Inbox(t.Context(), x.Owner, messaging.InboxFilter{Box: messaging.BoxUnread})
			return err == nil && len(a) == 1 && strings.HasPrefix(a[0].Snippet, "May I bring") && a[0].Patient == patient && a[0].Unread == 1
		})
		left, err := x.Messages.Inbox(t.Context(), x.Owner, messaging.InboxFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range left {
			if err := x.Messages.SetThread(t.Context(), x.Owner, l.ID, messaging.ThreadDone, l.Version); err != nil {
				t.Fatal(err)
			}
		}
		if left, err = x.Messages.Inbox(t.Context(), x.Owner, messaging.InboxFilter{}); err != nil || len(left) != 0 {
			t.Errorf("%v, %d conversations wait", err, len(left))
		}
		list, err := x.Messages.Accounts(t.Context(), x.Owner)
		if err != nil || len(list) != 1 || len(list[0].LastDays) == 0 || list[0].Last4 != x.twilio.Account().Token[28:] {
			t.Errorf("the account: %v %+v", err, list)
		}
		x.auditVerifies(t)
	})
}

// TestABrokenAccountLosesNothing: a wrong token pauses the account and holds what is due; resuming sends it, once. Revoking takes
// back what waits, destroys the credentials, and the provider's address answers nobody any more.
func TestABrokenAccountLosesNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-account-alone", "service-notices")
	engines(t, func(t *testing.T, engine store.Engine) {
		x := openTexting(t, engine)
		const asha, ravi = "+919845010001", "+919845010002"
		x.twilio.Behave(asha, sms.Behaviour{Status: 401, Code: 20003})
		x.books(asha, 3)
		state := func() messaging.Account {
			list, err := x.Messages.Accounts(t.Context(), x.Owner)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %d accounts", err, len(list))
			}
			return list[0]
		}
		x.until(t, "the account is paused", func() bool { a := state(); return a.State == messaging.AccountPaused && a.Reason == "20003" })
		for range 2 { // the owner is told by mail, once
			if err := x.tellOwners(t.Context(), access.Mint(x.Clinic.ID, id.Zero, id.Zero, id.Zero, access.System, access.Care)); err != nil {
				t.Fatal(err)
			}
		}
		told := func() (n int) {
			for _, l := range x.Outbox.List() {
				if strings.Contains(l.Subject, "messages to patients are waiting") {
					n++
				}
			}
			return n
		}
		x.until(t, "the owner is told", func() bool { return told() > 0 })
		x.books(ravi, 3)
		x.Fake.Move(20 * time.Minute)
		x.until(t, "the second text is held", func() bool {
			d := x.message(ravi)
			return d.State == messaging.Planned && d.Reason == messaging.ReasonPaused
		})
		if n := len(x.twilio.Messages()); n != 0 {
			t.Fatalf("%d texts went through a paused account", n)
		}
		x.twilio.Behave(asha, sms.Behaviour{})
		if err := x.Messages.SetAccount(t.Context(), x.Owner, x.account.ID, state().Version, true); err != nil {
			t.Fatal(err)
		}
		x.until(t, "both texts are out", func() bool {
			x.Fake.Move(time.Second) // the job that found a text held may not be noted as ended yet, and then none is made beside it: it is offered again some seconds later
			return len(x.to(asha)) == 1 && len(x.to(ravi)) == 1
		})

		if n := told(); n != 1 {
			t.Errorf("the owner was told %d times", n)
		}
		if err := x.Messages.SetAccount(t.Context(), x.Owner, x.account.ID, state().Version, false); err != nil {
			t.Fatal(err)
		}
		const mina = "+919845010003"
		x.books(mina, 3)
		x.until(t, "the third text is held", func() bool { return x.message(mina).Reason == messaging.ReasonPaused })
		if err := x.Messages.Revoke(t.Context(), x.Owner, x.account.ID, state().Version); err != nil {
			t.Fatal(err)
		}
		if d := x.message(mina); d.State != messaging.Withdrawn || d.Reason != messaging.ReasonRevoked {
			t.Errorf("what waited is %s because of %s", d.State, d.Reason)
		}
		if status := x.report(x.twilio.Writes(x.account.HookURL, mina, clinicNumber, "hello", "", sms.Story{})); status != http.StatusNotFound {
			t.Errorf("a report to a revoked account: %d", status)
		}
		x.keyIsGone(t, x.account.ID)
		if list, err := x.Messages.Accounts(t.Context(), x.Owner); err != nil || len(list) != 0 {
			t.Errorf("%v, %d accounts are listed", err, len(list))
		}
		if _, err := x.Messages.Connect(t.Context(), x.Owner, "twilio", x.typed, false); err == nil {
			t.Error("an account is connected without anybody's agreement")
		}
		if _, err := x.Messages.Connect(t.Context(), x.Owner, "twilio", x.typed, true); err != nil {
			t.Errorf("another account: %v", err)
		}
	})
}

// enterTexts connects an account whose secret is a mark, and has somebody write a mark to it.
func (h *opened) enterTexts(t *testing.T, m marks, tw *sms.Twilio) {
	t.Helper()
	a, err := h.Messages.Connect(t.Context(), h.Owner, "twilio", map[string]string{"account_sid": tw.Account().SID, "auth_token": tw.Account().Token, "from": clinicNumber}, true)
	if err != nil {
		t.Fatal(err)
	}
	x := &texting{opened: h, t: t, twilio: tw}
	if status := x.report(tw.Writes(a.HookURL, m["patient.phone"], clinicNumber, m.as("", "heard.event"), "", sms.Story{})); status != http.StatusOK {
		t.Fatalf("writing to the clinic's number: %d", status)
	}
	m["correspondent.address"] = m["patient.phone"]
	var list []messaging.Summary
	h.until(t, "the conversation has begun", func() bool {
		list, err = h.Messages.Inbox(t.Context(), h.Owner, messaging.InboxFilter{})
		return err == nil && len(list) > 0
	})
	if err := h.Messages.Note(t.Context(), h.Owner, list[0].ID, m.as("", "post.body")); err != nil {
		t.Fatal(err)
	}
	set, err := h.Messages.Setting(t.Context(), h.Owner)
	if err != nil {
		t.Fatal(err)
	}
	set.Content = messaging.ContentFull
	if err := h.Messages.SaveSetting(t.Context(), h.Owner, set); err != nil {
		t.Fatal(err)
	}
	if status := x.report(tw.Sends(a.HookURL, m["patient.phone"], clinicNumber, "", map[string][]byte{"application/pdf": []byte("%PDF-1.7 " + m.as("", "attached.body"))})); status != http.StatusOK {
		t.Fatalf("sending a report to the clinic's number: %d", status)
	}
	h.until(t, "the report is fetched", func() bool {
		talk, err := h.Messages.OpenThread(t.Context(), h.Owner, list[0].ID)
		return err == nil && slices.ContainsFunc(talk.Lines, func(l messaging.Line) bool { return len(l.Files) > 0 && l.Files[0].State == messaging.MediaKept })
	})
}

// withTwilio starts a Twilio, and says with which settings a house reaches it.
func withTwilio(t testing.TB) (*sms.Twilio, map[string]string) {
	t.Helper()
	tw := sms.StartTwilio(t, sms.Account{}, clock.NewFake(morning))
	return tw, map[string]string{"ALMIRAH_TWILIO_URL": tw.URL()}
}

// connected connects the clinic's account by the page, and has a patient write to it.
func (h *opened) connected(t testing.TB, owner *visitor) id.ID {
	t.Helper()
	a := h.Twilio.Account()
	owner.fill(t, "/app/settings/channels", "/app/settings/channels/twilio", url.Values{"account_sid": {a.SID}, "auth_token": {a.Token}, "from": {clinicNumber}, "agreed": {"1"}})
	all, err := h.Messages.Accounts(t.Context(), h.Owner)
	list := slices.DeleteFunc(all, func(a messaging.Account) bool { return a.Provider != "twilio" }) // the demo has one for WhatsApp, too
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %d accounts", err, len(list))
	}
	for _, c := range h.Twilio.Writes(list[0].HookURL, "+919999910000", clinicNumber, "May I come half an hour later?", "", sms.Story{}) {
		res, err := sms.Post(t.Context(), http.DefaultClient, c, func(u string) string { return u })
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	return list[0].ID
}
