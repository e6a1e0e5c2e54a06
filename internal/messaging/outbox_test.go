package messaging_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var background = context.Background()

func want(t *testing.T, what string, got []string, expected ...string) {
	t.Helper()
	if !slices.Equal(got, expected) {
		t.Fatalf("%s:\n got %q\nwant %q", what, got, expected)
	}
}

func subjects(list []messaging.Outgoing) (out []string) {
	for _, m := range list {
		out = append(out, m.Subject)
	}
	return out
}

func TestBookingIsConfirmedWithACalendarEntry(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		a := s.booking(rig.Start.Add(50*time.Hour), false)
		s.tick()
		got := s.carrier.all()
		want(t, "subjects", subjects(got), "Your appointment at Clinic sunrise")
		m := got[0]
		if m.To != "asha@example.org" || m.ToName != "Asha Rao" || m.UnsubscribeURL != "" || m.Calendar == nil || m.Calendar.Method != "REQUEST" {
			t.Fatalf("the confirmation is not addressed right: calendar %v, stop link %q", m.Calendar != nil, m.UnsubscribeURL)
		}
		ics := string(m.Calendar.ICS)
		for _, piece := range []string{"UID:" + a.ID.String() + "@clinic.example", "SEQUENCE:0", "METHOD:REQUEST"} {
			if !strings.Contains(strings.ReplaceAll(ics, "\r\n ", ""), piece) {
				t.Errorf("the calendar entry lacks %q", piece)
			}
		}
		if strings.Contains(ics+m.Subject+m.Text, "Cardiology") {
			t.Error("the confirmation names the service, which tells of health")
		}
		for _, piece := range []string{"Wednesday 25 November 2026, 11:30 am", "India Standard Time", "Dr. Meera Iyer", "https://clinic.example/m/"} {
			if !strings.Contains(m.Text, piece) {
				t.Errorf("the text lacks %q:\n%s", piece, m.Text)
			}
		}
		want(t, "rows", s.states(), "appointment.booked sent")
		s.tick()
		want(t, "rows after another tick", s.states(), "appointment.booked sent")
	})
}

func TestNothingLeavesWithoutAPassport(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "messages-for-a-reason")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		with := s.booking(rig.Start.Add(50*time.Hour), true)
		s.tick()
		s.Clock.Move(26*time.Hour + time.Minute)
		s.tick()
		rows := s.rows()
		want(t, "rows", s.states(), "reminder sent", "appointment.booked sent")
		for i, r := range rows {
			one, err := s.messages.One(background, s.As(access.FrontDesk), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			p := one.Passport
			if one.Unreadable || p.Purpose == "" || p.Basis == "" || p.Consent == "" || p.Rule.IsZero() || p.Language != "en" || len(p.Fields) == 0 || p.QuietVerdict == "" ||
				!strings.HasPrefix(p.IdempotencyKey, with.ID.String()+"/0/") {
				t.Errorf("the passport of %s is not complete: %+v", r.Kind, p)
			}
			if basis := []string{"agreement", "necessity"}[i]; p.Basis != basis {
				t.Errorf("%s goes out on the ground of %s", r.Kind, p.Basis)
			}
			var steps []string
			for _, st := range one.Steps {
				steps = append(steps, string(st.State))
			}
			want(t, "steps", steps, "planned", "sending", "handing-over", "sent")
		}
		// Without a consent there is no reminder, and without a rule no message at all.
		r, err := s.desk.Book(background, accounts.Public(b.Clinic), scheduling.Booking{Service: s.service, Provider: s.provider, StartsAt: clock.At(rig.Start.Add(80 * time.Hour)),
			Language: "en", Patient: patients.Draft{Name: "Uma Das", Email: "uma@example.org", Language: "en"}})
		if err != nil {
			t.Fatal(err)
		}
		without := r.Appointment
		s.do(access.Work, s.system, func(tx *store.Tx) error {
			tx.Housekeeping("test")
			m, err := messaging.Send(tx, messaging.Letter{Patient: without.Patient, Appointment: without.ID, Rule: without.ID, Kind: messaging.Reminder, Channel: messaging.Email, StartsAt: without.StartsAt})
			if err != nil || !m.IsZero() {
				t.Errorf("a reminder without a consent was planned: %v, %v", m, err)
			}
			if _, err := messaging.Send(tx, messaging.Letter{Patient: with.Patient, Appointment: with.ID, Kind: messaging.Booked, Channel: messaging.Email, StartsAt: with.StartsAt}); err == nil {
				t.Error("a message without a rule was planned")
			}
			if _, err := messaging.Send(tx, messaging.Letter{Patient: with.Patient, Appointment: with.ID, Rule: with.ID, Kind: "advert", Channel: messaging.Email, StartsAt: with.StartsAt}); err == nil {
				t.Error("a message for advertising was planned")
			}
			return nil
		})
	})
}

func TestTheSameMessageIsPlannedOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		a := s.booking(rig.Start.Add(50*time.Hour), true)
		rule := id.New(b.Clock.Now())
		var first, again, moved id.ID
		s.do(access.Work, s.system, func(tx *store.Tx) error {
			l := messaging.Letter{Patient: a.Patient, Appointment: a.ID, Rule: rule, Kind: messaging.Reminder, Channel: messaging.Email, StartsAt: a.StartsAt, Provider: a.Provider}
			var err error
			if first, err = messaging.Send(tx, l); err != nil {
				return err
			}
			if again, err = messaging.Send(tx, messaging.Letter{Patient: a.Patient, Appointment: a.ID, Rule: rule, Kind: messaging.Booked, Channel: messaging.Email, StartsAt: a.StartsAt}); err != nil {
				return err
			}
			l.Occurrence = 2 // moved away and back: the same time under another occurrence
			moved, err = messaging.Send(tx, l)
			return err
		})
		if first.IsZero() || again != first {
			t.Errorf("the second plan is %v, the first %v", again, first)
		}
		if !moved.IsZero() {
			t.Error("a reminder of the same time was planned twice")
		}
	})
}

func TestLookedAtAgainBeforeItLeaves(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		owner := b.As(access.Owner)
		cases := map[string]func(s *surgery, name string) (reason string){
			"consent withdrawn": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(30*time.Hour), true)
				s.tick()
				s.Clock.Move(6*time.Hour + time.Minute)
				s.plan()
				s.do(access.PatientWrite, owner, func(tx *store.Tx) error {
					return consent.Record(tx, a.Patient, []consent.Choice{{Purpose: consent.Reminder, Channel: "email"}}, consent.DoorDesk, "en", id.Zero)
				})
				return messaging.ReasonNoConsent
			},
			"moved": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(31*time.Hour), false)
				s.plan()
				s.do(access.ScheduleBook, owner, func(tx *store.Tx) error {
					tx.Record(audit.Note{Action: "test", Kind: "appointment", Subject: a.ID})
					return tx.Must(`UPDATE appointment SET occurrence = 1 WHERE clinic_id = $1 AND id = $2`, a.ID)
				})
				return messaging.ReasonChanged
			},
			"cancelled": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(32*time.Hour), false)
				s.plan()
				if _, err := s.desk.Cancel(background, owner, a.ID, a.Version); err != nil {
					t.Fatal(err)
				}
				return messaging.ReasonChanged
			},
			"begun": func(s *surgery, _ string) string {
				s.booking(rig.Start.Add(3*time.Hour), false)
				s.plan()
				s.Clock.Move(3 * time.Hour)
				return messaging.ReasonPast
			},
			"arrived": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(3*time.Hour), false)
				s.plan()
				if _, err := s.desk.SetStatus(background, owner, a.ID, a.Version, "arrived"); err != nil {
					t.Fatal(err)
				}
				return messaging.ReasonNotAhead
			},
			"no address": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(33*time.Hour), false)
				s.plan()
				s.do(access.PatientWrite, owner, func(tx *store.Tx) error {
					tx.Record(audit.Note{Action: "test", Kind: "patient", Subject: a.Patient})
					return tx.Must(`UPDATE patient SET email = NULL WHERE clinic_id = $1 AND id = $2`, a.Patient)
				})
				return messaging.ReasonNoAddress
			},
			"unreadable": func(s *surgery, _ string) string {
				a := s.booking(rig.Start.Add(34*time.Hour), false)
				s.plan()
				s.do(access.PatientWrite, owner, func(tx *store.Tx) error {
					tx.Record(audit.Note{Action: "test", Kind: "patient", Subject: a.Patient})
					return tx.Must(`UPDATE patient SET name = $3 WHERE clinic_id = $1 AND id = $2`, a.Patient, []byte("broken"))
				})
				return messaging.ReasonUnreadable
			},
		}
		for name, prepare := range cases {
			t.Run(name, func(t *testing.T) {
				s := opened(t, rig.New(t, b.Engine, store.Options{}))
				owner = s.As(access.Owner)
				reason := prepare(s, name)
				before := len(s.carrier.all())
				s.deliver()
				if n := len(s.carrier.all()); n != before {
					t.Fatal("it left")
				}
				if r := s.rows()[0]; r.State != messaging.Dropped || r.Reason != reason {
					t.Fatalf("the row says %s, %s; want dropped, %s", r.State, r.Reason, reason)
				}
			})
		}
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "delivery-metadata")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		outcome := messaging.Later
		s.carrier.answer = func(messaging.Outgoing) messaging.Receipt {
			return messaging.Receipt{Outcome: outcome, Code: "451 asha@example.org"}
		}
		s.booking(rig.Start.Add(50*time.Hour), false)
		s.tick()
		for i, wait := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 30 * time.Minute} {
			r := s.rows()[0]
			if r.State != messaging.Planned || r.Tries != i+1 || r.SendAt.Sub(clock.At(s.Clock.Now())) != wait {
				t.Fatalf("after try %d: %s, %d tries, in %v", i+1, r.State, r.Tries, r.SendAt.Sub(clock.At(s.Clock.Now())))
			}
			if r.Reason != "" {
				t.Fatal("a provider's sentence was kept: it may quote an address")
			}
			s.Clock.Move(wait - time.Second)
			s.deliver()
			if s.rows()[0].Tries != i+1 {
				t.Fatal("tried before its time")
			}
			s.Clock.Move(time.Second)
			s.deliver()
		}
		want(t, "after five tries", s.states(), "appointment.booked given-up")
		n, err := s.messages.Counts(background, s.As(access.FrontDesk))
		if err != nil || n.GivenUp != 1 {
			t.Fatalf("counts %+v, %v", n, err)
		}
		// A person has it sent again; this time nobody knows what became of it.
		one := s.rows()[0].ID
		outcome = messaging.Uncertain
		if err := s.messages.Settle(background, s.As(access.FrontDesk), one, messaging.SendAgain); err != nil {
			t.Fatal(err)
		}
		s.deliver()
		want(t, "no answer", s.states(), "appointment.booked uncertain")
		s.Clock.Move(time.Hour)
		s.tick()
		want(t, "nobody sends it again by itself", s.states(), "appointment.booked uncertain")
		if err := s.messages.Settle(background, s.As(access.Billing), one, messaging.Arrived); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("billing settled a message: %v", err)
		}
		if err := s.messages.Settle(background, s.As(access.FrontDesk), one, messaging.Arrived); err != nil {
			t.Fatal(err)
		}
		if err := s.messages.Settle(background, s.As(access.FrontDesk), one, messaging.SendAgain); !fault.Is(err, fault.Conflict) {
			t.Fatalf("settled twice: %v", err)
		}
		want(t, "settled", s.states(), "appointment.booked sent")
		outcome = messaging.Refused
		s.booking(rig.Start.Add(60*time.Hour), false)
		s.tick()
		want(t, "refused", s.states(), "appointment.booked refused", "appointment.booked sent")
	})
}

// TestAnOldSenderFindsItsNumberGone has a sender sleep until another has taken over: it must not hand the message over.
func TestAnOldSenderFindsItsNumberGone(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		s.booking(rig.Start.Add(50*time.Hour), false)
		s.plan()
		second := &recorder{}
		s.carrier.before = func() {
			s.Clock.Move(3 * time.Minute)
			other := s.process(s.Base.DB, second)
			if err := other.Recover(background, s.system); err != nil {
				t.Error(err)
			}
			due, err := other.DueMessages(background, s.system, 10)
			if err != nil || len(due) != 1 {
				t.Errorf("the sleeping sender's message is not due again: %d, %v", len(due), err)
				return
			}
			if err := other.Deliver(background, s.system, due[0]); err != nil {
				t.Error(err)
			}
		}
		s.deliver()
		if len(s.carrier.all()) != 0 || len(second.all()) != 1 {
			t.Fatalf("the old sender sent %d, the new one %d", len(s.carrier.all()), len(second.all()))
		}
		want(t, "rows", s.states(), "appointment.booked sent")
	})
}

func TestTwoSendersOneMessage(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		for i := range 20 {
			s.booking(rig.Start.Add(50*time.Hour+time.Duration(i)*30*time.Minute), false)
		}
		s.plan()
		due, err := s.messages.DueMessages(background, s.system, 100)
		if err != nil || len(due) != 20 {
			t.Fatal(len(due), err)
		}
		done := make(chan error)
		for range 4 {
			p := s.process(s.Base.DB, s.carrier)
			go func() {
				for _, m := range due {
					if err := p.Deliver(background, s.system, m); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		seen := map[id.ID]bool{}
		for _, m := range s.carrier.all() {
			if seen[m.ID] {
				t.Error("a message was handed over twice")
			}
			seen[m.ID] = true
		}
		if len(seen) != 20 {
			t.Errorf("%d of 20 went out", len(seen))
		}
	})
}

func TestQuietHoursAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "not-at-night")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for name, c := range map[string]struct {
			start time.Duration // from Monday, 09:30 in India
			state messaging.State
		}{
			"waits for the morning":   {24 * time.Hour, messaging.Planned},                // Tuesday 09:30
			"dropped where too late":  {22*time.Hour + 45*time.Minute, messaging.Dropped}, // Tuesday 08:15
			"a night without clients": {23*time.Hour + 30*time.Minute, messaging.Planned}, // Tuesday 09:00
		} {
			t.Run(name, func(t *testing.T) {
				s := opened(t, rig.New(t, b.Engine, store.Options{}))
				a := s.booking(rig.Start.Add(c.start), true)
				s.do(access.Work, s.system, func(tx *store.Tx) error {
					_, err := messaging.Send(tx, messaging.Letter{Patient: a.Patient, Appointment: a.ID, Rule: a.ID, Kind: messaging.Reminder, Channel: messaging.Email, StartsAt: a.StartsAt})
					return err
				})
				s.Clock.Move(13 * time.Hour) // 22:30
				s.deliver()
				r := s.rows()[0]
				if r.State != c.state || len(s.carrier.all()) != 0 {
					t.Fatalf("%s, %s", r.State, r.Reason)
				}
				if c.state == messaging.Planned {
					if got := r.SendAt.In(zone(t, "Asia/Kolkata")).Format("Mon 15:04"); got != "Tue 08:00" {
						t.Fatalf("it waits until %s", got)
					}
					s.Clock.Set(r.SendAt.Time())
					s.deliver()
					if got := s.carrier.all(); len(got) != 1 || got[0].UnsubscribeURL == "" || got[0].Calendar != nil {
						t.Fatalf("%d reminders went out in the morning", len(got))
					}
				}
			})
		}
	})
}

func TestPassportIsSealedAndNoTextIsKept(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		a := s.booking(rig.Start.Add(50*time.Hour), false)
		s.tick()
		err := b.DB.View(background, s.As(access.Owner), access.MessageRead, func(_ context.Context, v *store.View) error {
			var sealed []byte
			if err := v.Row(`SELECT passport FROM message WHERE clinic_id = $1 AND appointment_id = $2`, a.ID).Scan(&sealed); err != nil {
				return err
			}
			if json.Valid(sealed) || strings.Contains(string(sealed), "booking") {
				t.Error("the passport stands open")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestKeeperCopiesAndErases(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		s := opened(t, b)
		a := s.booking(rig.Start.Add(50*time.Hour), true)
		s.tick()
		s.Clock.Move(27 * time.Hour)
		s.tick()
		var k messaging.Keeper
		err := b.DB.View(background, s.As(access.Owner), access.MessageRead, func(_ context.Context, v *store.View) error {
			got, err := k.Collect(v, a.Patient)
			if err == nil && (len(got["message"]) != 2 || len(got["message_event"]) != 8 || got["message"][0]["purpose"] == "") {
				err = fmt.Errorf("collected %d messages and %d events", len(got["message"]), len(got["message_event"]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.do(access.PatientDelete, s.As(access.Owner), func(tx *store.Tx) error { return k.Erase(tx, a.Patient) })
		if n := len(s.rows()); n != 0 {
			t.Fatalf("%d messages are left", n)
		}
		s.booking(rig.Start.Add(70*time.Hour), false)
		s.tick()
		s.Clock.Move(500 * 24 * time.Hour)
		s.do(access.Work, s.system, func(tx *store.Tx) error {
			n, err := k.Due(tx)
			if n != 1 {
				t.Errorf("%d expired", n)
			}
			return err
		})
	})
}
