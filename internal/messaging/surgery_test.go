package messaging_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// surgery is a clinic at work: a practitioner, a service, the standard rules, and a carrier that
// records what it is given.
type surgery struct {
	*rig.Base
	t        *testing.T
	desk     *scheduling.Desk
	messages *messaging.Service
	carrier  *recorder
	book     *words.Book
	provider id.ID
	other    id.ID
	service  id.ID
	system   access.Caller
}

// recorder is a carrier that keeps what it accepts. before and after run around handOver; answer
// makes its receipt.
type recorder struct {
	mu     sync.Mutex
	got    []messaging.Outgoing
	before func()
	after  func()
	answer func(m messaging.Outgoing) messaging.Receipt
}

func (r *recorder) Channel() messaging.Channel { return messaging.Email }
func (r *recorder) Name() string               { return "recorder" }

func (r *recorder) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if r.before != nil {
		r.before()
	}
	if err := handOver(); err != nil {
		return messaging.Receipt{Outcome: messaging.Later, Code: "broken-off"}
	}
	if r.after != nil {
		r.after()
	}
	receipt := messaging.Receipt{Outcome: messaging.Accepted, ProviderID: "p-1", Code: "250"}
	if r.answer != nil {
		receipt = r.answer(m)
	}
	if receipt.Outcome == messaging.Accepted {
		r.mu.Lock()
		r.got = append(r.got, m)
		r.mu.Unlock()
	}
	return receipt
}

func (r *recorder) all() []messaging.Outgoing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]messaging.Outgoing{}, r.got...)
}

func opened(t *testing.T, b *rig.Base) *surgery {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &surgery{Base: b, t: t, desk: scheduling.New(b.DB, b.Log), carrier: &recorder{}, book: book, system: b.As(access.System)}
	s.messages = s.process(b.DB, s.carrier)
	var week scheduling.Weekly
	for d := range week {
		week[d] = []scheduling.Interval{{From: 0, To: 1440}}
	}
	s.do(access.ScheduleSettings, b.As(access.Owner), func(tx *store.Tx) error {
		for _, p := range []*id.ID{&s.provider, &s.other} {
			one, err := scheduling.AddProvider(tx, scheduling.Provider{Name: "Dr. Meera Iyer", Online: true, Weekly: week})
			if err != nil {
				return err
			}
			*p = one.ID
		}
		one, err := scheduling.AddService(tx, scheduling.Service{Name: "Cardiology check", Minutes: 30, Online: true, Providers: []id.ID{s.provider, s.other}})
		s.service = one.ID
		if err != nil {
			return err
		}
		return followup.Found(tx)
	})
	return s
}

// process is a messaging service as one more process would have it.
func (s *surgery) process(db *store.DB, c messaging.Carrier) *messaging.Service {
	return messaging.New(db, s.Log, messaging.Options{Book: s.book, Carriers: []messaging.Carrier{c}, Public: "https://clinic.example/", Sender: "post@clinic.example"})
}

func (s *surgery) do(right access.Right, who access.Caller, fn func(tx *store.Tx) error) {
	s.t.Helper()
	if err := s.DB.Change(context.Background(), who, right, func(_ context.Context, tx *store.Tx) error { return fn(tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// booking is a booking from the public page, with or without consent to reminders.
func (s *surgery) booking(at time.Time, reminders bool) scheduling.Appointment {
	s.t.Helper()
	b := scheduling.Booking{Service: s.service, Provider: s.provider, StartsAt: clock.At(at), Language: "en",
		Patient: patients.Draft{Name: "Asha Rao", Email: "asha@example.org", BirthDate: "1980-02-03", Language: "en"}}
	if reminders {
		b.Consents = []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}
	}
	r, err := s.desk.Book(context.Background(), accounts.Public(s.Clinic), b)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Appointment
}

// tick does by hand what jobs does: events, reminders, then every message that is due.
func (s *surgery) tick() {
	s.t.Helper()
	s.plan()
	s.deliver()
}

func (s *surgery) plan() {
	s.t.Helper()
	s.do(access.Work, s.system, func(tx *store.Tx) error {
		tx.Housekeeping("a tick by hand")
		events, err := journeys.Due(&tx.View, 100)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := journeys.Act(tx, e); err != nil {
				return err
			}
		}
		_, err = followup.Due(tx, 100)
		return err
	})
}

func (s *surgery) deliver() {
	s.t.Helper()
	due, err := s.messages.DueMessages(context.Background(), s.system, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range due {
		if err := s.messages.Deliver(context.Background(), s.system, m); err != nil {
			s.t.Fatal(err)
		}
	}
}

// rows lists every message of the clinic.
func (s *surgery) rows() []messaging.Delivery {
	s.t.Helper()
	out, err := s.messages.Recent(context.Background(), s.As(access.Owner), messaging.Filter{Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// states lists kind and state of every message, the newest first.
func (s *surgery) states() []string {
	s.t.Helper()
	var out []string
	for _, r := range s.rows() {
		out = append(out, string(r.Kind)+" "+string(r.State))
	}
	return out
}
