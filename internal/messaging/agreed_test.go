package messaging_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// adopt writes the clinic's first version, as its settings stand and with these outside parties.
func (s *surgery) adopt(parties ...string) {
	s.t.Helper()
	s.do(access.Work, s.system, func(tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		now := policies.Standard(c)
		now.Recipients = parties
		if now.Content, err = messaging.ContentNow(&tx.View); err != nil {
			return err
		}
		_, err = policies.Adopt(tx, now)
		return err
	})
}

// moves changes the terms.
func (s *surgery) moves(apply func(*policies.Terms)) {
	s.t.Helper()
	s.do(access.Work, s.system, func(tx *store.Tx) error {
		tx.Record(audit.Note{Action: "test", Kind: "policy", Subject: tx.Clinic()})
		_, err := policies.Move(tx, apply)
		return err
	})
}

func (s *surgery) answers(patient id.ID, n int64, yes bool) {
	s.t.Helper()
	if err := policies.New(s.DB).Answer(s.t.Context(), s.As(access.FrontDesk), patient, n, yes); err != nil {
		s.t.Fatal(err)
	}
}

// TestTheTermsGovernWhatIsKept: the clinic keeps what is written for 365 days instead of 180. From that day on, the words of whoever did not agree
// still go on day 180; so do those of whoever takes the agreement back. A company that nobody agreed to carries nothing.
func TestTheTermsGovernWhatIsKept(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-agreed-first")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.keeps(messaging.ContentDays, 180)
		x.do(access.Work, x.system, func(tx *store.Tx) error { // India's law wants the steps kept for a year, whatever is promised
			tx.Housekeeping("a test")
			return tx.Must(`UPDATE clinic SET jurisdiction = 'EU' WHERE clinic_id = $1`)
		})
		x.adopt("mail")
		ahead := func(h int) time.Duration { // the booking verbs of these tests count from the beginning
			return b.Clock.Now().Sub(rig.Start).Truncate(time.Hour) + time.Duration(h)*time.Hour
		}
		const mira, late = "+919845000002", "+919845000003"
		silent, willing := x.books("Asha Rao", asha, "", ahead(50)).Patient, x.books("Mira Rao", mira, "", ahead(52)).Patient
		b.Clock.Move(time.Hour)
		x.keeps(messaging.ContentDays, 365)
		x.answers(willing, 2, true)
		b.Clock.Move(30 * 24 * time.Hour)
		newer := x.books("Lata Rao", late, "", ahead(50)).Patient
		for _, from := range []string{asha, mira, late} {
			x.hears(messaging.SMS, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: from}, Text: "Canary words"})
		}
		x.tick()
		words := func() (out map[id.ID]bool) {
			t.Helper()
			out = map[id.ID]bool{}
			x.do(access.Work, x.system, func(tx *store.Tx) error {
				tx.Housekeeping("a look")
				_, err := messaging.Keeper{}.Due(tx)
				return err
			})
			for _, p := range []id.ID{silent, willing, newer} {
				for _, l := range x.thread(p).Lines {
					out[p] = out[p] || strings.Contains(l.Text, "Canary words")
				}
			}
			return out
		}
		b.Clock.Move(180*24*time.Hour - time.Minute)
		if got := words(); !got[silent] || !got[willing] || !got[newer] {
			t.Errorf("on day 179 it is kept: %v", got)
		}
		b.Clock.Move(2 * time.Minute)
		if got := words(); got[silent] || !got[willing] || !got[newer] {
			t.Errorf("on day 180: who did not agree %v, who agreed %v, who came after it %v", got[silent], got[willing], got[newer])
		}
		x.answers(willing, 2, false)
		x.plan()
		if got := words(); got[willing] || !got[newer] {
			t.Errorf("taken back: %v", got)
		}
		// The same of the steps of deliveries, where a clinic keeps them for less than the house.
		steps := func(p id.ID) (n int) {
			x.do(access.Work, x.system, func(tx *store.Tx) error {
				tx.Housekeeping("a look")
				return tx.Row(`SELECT COUNT(*) FROM message_event e JOIN message m ON m.clinic_id = e.clinic_id AND m.id = e.message_id WHERE e.clinic_id = $1 AND m.patient_id = $2 AND m.state <> 'planned'`, p).Scan(&n)
			})
			return n
		}
		x.moves(func(t *policies.Terms) { t.Keep[law.Events] = "P30D" })
		x.moves(func(t *policies.Terms) { t.Keep[law.Events] = "P180D" })
		b.Clock.Move(31 * 24 * time.Hour)
		after := x.books("Tara Rao", "+919845000004", "", ahead(50)).Patient
		x.books("Asha Rao", asha, "", ahead(70))
		x.tick()
		if steps(silent) == 0 || steps(after) == 0 {
			t.Fatalf("nothing was sent: %d, %d", steps(silent), steps(after))
		}
		b.Clock.Move(31 * 24 * time.Hour)
		words()
		if steps(silent) != 0 {
			t.Errorf("%d steps after the 30 days that she was promised", steps(silent))
		}
		if steps(after) == 0 {
			t.Error("who came after it was promised 180 days, and all is gone after 31")
		}
		// The configuration names another company now.
		x.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: x.book, Accounts: []messaging.Provider{x.whatsapp, x.sms, x.mail}, Public: "https://clinic.example", Sender: "post@clinic.example",
			Recipient: func(string) string { return "stranger" }})
		a := x.books("Nila Rao", "", "nila@example.org", ahead(80))
		x.tick()
		for _, r := range x.rows() {
			if r.Appointment == a.ID && (r.State != messaging.Dropped || r.Reason != messaging.ReasonParty) {
				t.Errorf("by a stranger: %s %s %s", r.Kind, r.State, r.Reason)
			}
		}
	})
}

// TestEverybodyIsToldOnce: an announced version is told by e-mail to every patient who has an address, however often it is looked at; the letter leads to her
// own page. Nobody is told what was taken back before the letter left.
func TestEverybodyIsToldOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-notice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.adopt("mail")
		s.booking(rig.Start.Add(50*time.Hour), false)
		for _, d := range []patients.Draft{{Name: "No Address", Phone: "98765 43210"}, {Name: "No Visit", Email: "novisit@example.org"}} {
			if _, _, err := patients.New(b.DB, b.Log).Add(t.Context(), b.As(access.FrontDesk), d, true); err != nil {
				t.Fatal(err)
			}
		}
		s.tick()
		before := len(s.carrier.all())
		b.Clock.Move(time.Hour)
		s.moves(func(t *policies.Terms) { t.Content = 30 })
		b.Clock.Move(time.Second)
		for range 3 {
			if err := s.messages.AnnounceTerms(t.Context(), s.system); err != nil {
				t.Fatal(err)
			}
			s.deliver()
		}
		got := s.carrier.all()[before:]
		if len(got) != 2 {
			t.Fatalf("%d letters", len(got))
		}
		for _, m := range got {
			own := strings.Contains(m.Text, "https://clinic.example/m/")
			if m.To == "novisit@example.org" {
				own = strings.Contains(m.Text, "https://clinic.example/c/sunrise/privacy/versions")
			}
			if !own || m.UnsubscribeURL != "" || m.Calendar != nil || m.Opens || !strings.Contains(m.Text, "Clinic sunrise") || m.Subject == "" {
				t.Errorf("to %s: %s\n%s", m.To, m.Subject, m.Text)
			}
		}
		st, err := policies.New(b.DB).Standing(t.Context(), b.As(access.Owner))
		if err != nil || st.Told != 3 || st.Touched != 3 {
			t.Errorf("%d of %d were told, %v", st.Told, st.Touched, err)
		}
		var passes int
		if err := b.DB.View(t.Context(), s.system, access.Work, func(_ context.Context, v *store.View) error {
			return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'announce' AND kind = 'policy'`).Scan(&passes)
		}); err != nil || passes != 1 {
			t.Errorf("whoever was told was looked for again: %d passages told somebody, %v", passes, err)
		}
		s.moves(func(t *policies.Terms) { t.Content = 60 })
		b.Clock.Move(time.Second)
		if err := s.messages.AnnounceTerms(t.Context(), s.system); err != nil {
			t.Fatal(err)
		}
		s.moves(func(t *policies.Terms) { t.Content = 0 })
		s.deliver()
		if n := len(s.carrier.all()); n != before+2 {
			t.Errorf("%d letters about what was taken back", n-before-2)
		}
	})
}
