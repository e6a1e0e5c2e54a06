package app

import (
	"context"
	"log/slog"
	"net/http"
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
	meta "almirah/internal/rig/whatsapp"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestWhatsAppByTheClinicsOwnAccount follows a patient over real HTTP on both sides: the clinic's text is approved, the
// confirmation goes out by it, the patient touches "I will come", asks something, is answered within the window and,
// after it, with the approved text; everything is posted a second time a week later; STOP ends it. Her number stands
// in Meta's ids of messages, and in nothing that is stored.
func TestWhatsAppByTheClinicsOwnAccount(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "whatsapp", "own-account-alone")
	engines(t, func(t *testing.T, engine store.Engine) {
		fake := clock.NewFake(morning)
		wa := meta.Start(t, meta.Options{Clock: fake, KeepWindow: true, Verifies: true})
		logs, m := &lockedBuffer{}, marks{}
		h := openLogging(t, engine, Options{}, slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})), map[string]string{"ALMIRAH_WHATSAPP_URL": wa.URL()})
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		a := wa.Account()
		account, err := h.Messages.Connect(t.Context(), h.Owner, "whatsapp", map[string]string{"phone_number_id": a.PhoneNumberID, "business_account_id": a.BusinessAccountID, "token": a.Token,
			"app_secrets": a.AppSecret, "sender": "+15550783881", "coexistence": "no"}, true)
		if err != nil {
			t.Fatal(err)
		}
		post := func(c ...meta.Change) {
			t.Helper()
			got, err := wa.Deliver(t.Context(), account.HookURL, wa.Pack(c...))
			if err != nil || len(got) != 1 || got[0] != http.StatusOK {
				t.Fatalf("%v %v", err, got)
			}
		}
		approved := func(k messaging.Kind, lang string) {
			t.Helper()
			x, err := h.Messages.ProposeText(t.Context(), h.Owner, account.ID, k, lang)
			if err != nil {
				t.Fatalf("%s in %s: %v", k, lang, err)
			}
			if x.State != messaging.ApprovalPending {
				t.Errorf("%s is %s", k, x.State)
			}
			post(wa.Decide(x.Ref, "APPROVED", ""))
		}
		for _, k := range []messaging.Kind{messaging.Booked, messaging.Reminder, messaging.Reopening} {
			for _, lang := range []string{"en", "hi"} {
				approved(k, lang)
			}
		}
		h.until(t, "the texts are approved", func() bool {
			list, err := h.Messages.Approvals(t.Context(), h.Owner, account.ID)
			n := 0
			for _, x := range list {
				if x.State == messaging.ApprovalApproved {
					n++
				}
			}
			return err == nil && n == 6
		})

		phone, question, said := m.as("phone", "her number"), m.as("", "what she asked"), m.as("", "what was answered")
		digits := strings.TrimPrefix(phone, "+")
		day := h.today().AddDays(3)
		free, err := h.Desk.FreeTimes(t.Context(), h.Owner, h.Practice.services[0].ID, h.Practice.providers[0].ID, day, day)
		if err != nil || len(free.Slots) == 0 {
			t.Fatalf("%v, %d times", err, len(free.Slots))
		}
		r, err := h.Desk.Book(t.Context(), access.Mint(h.Clinic.ID, id.Zero, id.Zero, id.Zero, access.Public, access.Care), scheduling.Booking{Service: h.Practice.services[0].ID, Provider: h.Practice.providers[0].ID,
			StartsAt: free.Slots[4].StartsAt, Language: "en", Patient: patients.Draft{Name: "Asha Rao", Phone: phone, BirthDate: "1980-02-03", Language: "en"},
			Consents: []consent.Choice{{Purpose: consent.Reminder, Given: true}}})
		if err != nil {
			t.Fatal(err)
		}
		appointment, patient := r.Appointment, r.Appointment.Patient
		h.until(t, "the confirmation is with Meta", func() bool { return len(wa.Messages()) == 1 })
		first := wa.Messages()[0]
		if first.To != digits || first.Type != "template" {
			t.Fatalf("%+v", first)
		}
		person := meta.Person{Phone: digits, UserID: "IN.13491208655302741918", Name: "Asha"}
		for _, p := range wa.Journey(first.ID, meta.Mischief{Reorder: true, Duplicate: true, SkipDelivered: true}) {
			if _, err := wa.Deliver(t.Context(), account.HookURL, p); err != nil {
				t.Fatal(err)
			}
		}
		delivery := func() messaging.Opened {
			t.Helper()
			list, err := h.Messages.Recent(t.Context(), h.Owner, messaging.Filter{Patient: patient})
			if err != nil || len(list) == 0 {
				t.Fatalf("%v, %d messages", err, len(list))
			}
			o, err := h.Messages.One(t.Context(), h.Owner, list[len(list)-1].ID)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		h.until(t, "it was read", func() bool { return delivery().Reached == messaging.ReachedRead })
		if d := delivery(); d.ProviderID != first.ID || d.Channel != messaging.WhatsApp || d.Passport.Language != "en" {
			t.Errorf("the delivery: %+v", d)
		}

		post(wa.Touch(person, first.ID, "confirm:"+delivery().ID.String(), "I will come"))
		status := func() scheduling.Status {
			o, err := h.Desk.Open(t.Context(), h.Owner, appointment.ID)
			if err != nil {
				t.Fatal(err)
			}
			return o.Status
		}
		h.until(t, "the appointment is confirmed", func() bool { return status() == scheduling.Confirmed })

		// Her number is not shown any more; her id at Meta says who it is.
		hidden := person
		hidden.Hidden = true
		post(wa.Text(hidden, question, ""))
		thread := func() messaging.Thread {
			x, err := h.Messages.ThreadOf(t.Context(), h.Owner, patient)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		h.until(t, "the question is in her conversation", func() bool { return thread().Unread == 1 })
		if x := thread(); x.Lines[len(x.Lines)-1].Text != question || !x.Routes[0].Free {
			t.Fatalf("%+v %+v", x.Lines, x.Routes)
		}
		answer := func(d messaging.AnswerDraft) error {
			d.Channel = messaging.WhatsApp
			_, err := h.Messages.Answer(t.Context(), h.Owner, thread().ID, d)
			return err
		}
		if err := answer(messaging.AnswerDraft{Text: said}); err != nil {
			t.Fatal(err)
		}
		if m := wa.Messages(); len(m) != 2 || m[1].Type != "text" {
			t.Fatalf("%d messages", len(m))
		}
		h.Fake.Move(25 * time.Hour)
		fake.Move(25 * time.Hour)
		if err := answer(messaging.AnswerDraft{Text: "One thing more."}); err == nil || !strings.Contains(err.Error(), "fault.inbox.window") {
			t.Fatalf("after the window: %v", err)
		}
		if err := answer(messaging.AnswerDraft{Template: true}); err != nil {
			t.Fatal(err)
		}
		if m := wa.Messages(); len(m) < 3 || m[len(m)-1].Type != "template" {
			t.Fatalf("%d messages", len(m))
		}

		// Everything again, a week later: nothing changes, nothing goes out.
		before := len(wa.Messages())
		now, lines := status(), len(thread().Lines)
		if _, err := wa.Replay(t.Context(), account.HookURL); err != nil {
			t.Fatal(err)
		}
		post(wa.Text(hidden, "रोकें", ""))
		stopped := func() bool {
			ok := true
			err := h.DB.View(t.Context(), h.Owner, access.PatientRead, func(_ context.Context, v *store.View) (err error) {
				ok, _, err = consent.May(v, patient, consent.Reminder, "whatsapp")
				return err
			})
			return err == nil && !ok
		}
		h.until(t, "STOP is heard, and answered once", func() bool { return stopped() && len(wa.Messages()) == before+1 })
		if status() != now || len(thread().Lines) != lines+2 {
			t.Errorf("after the replay: %s, %d lines, %d before", status(), len(thread().Lines), lines)
		}
		h.Fake.Move(time.Duration(appointment.StartsAt.Time().Sub(h.Fake.Now())) - 23*time.Hour)
		time.Sleep(700 * time.Millisecond)
		if n := len(wa.Messages()); n != before+1 {
			t.Errorf("after STOP %d messages went out", n-before-1)
		}
		h.auditVerifies(t)
		m["Meta's id of the message"] = first.ID
		files := map[string][]byte{}
		readTree(t, h.Dir, "open: ", files)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h.readClosed(t, engine, files)
		if engine == store.Postgres {
			dumpPostgres(t, h.Config.DatabaseURL, files)
			readCluster(t, h.Config.DatabaseURL, files)
		}
		files["the log"] = logs.Bytes()
		for what, where := range find(files, m) {
			t.Errorf("%s stands in %s", what, strings.Join(where, ", "))
		}
	})
}
