package journeys_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/journeys"
	"almirah/internal/messaging"
	"almirah/internal/money"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

var background = context.Background()

// postbox is a carrier that takes everything, and a clinic around it.
type postbox struct {
	*rig.Base
	t                        *testing.T
	desk                     *scheduling.Desk
	messages                 *messaging.Service
	provider, other, service id.ID
	got                      []messaging.Outgoing
}

func (p *postbox) Channel() messaging.Channel { return messaging.Email }
func (p *postbox) Name() string               { return "postbox" }
func (p *postbox) Send(_ context.Context, m messaging.Outgoing, handOver func() error) messaging.Receipt {
	if handOver() != nil {
		return messaging.Receipt{Outcome: messaging.Later}
	}
	p.got = append(p.got, m)
	return messaging.Receipt{Outcome: messaging.Accepted}
}

func open(t *testing.T, b *rig.Base) *postbox {
	t.Helper()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &postbox{Base: b, t: t, desk: scheduling.New(b.DB, b.Log)}
	p.messages = messaging.New(b.DB, b.Log, messaging.Options{Book: book, Carriers: []messaging.Carrier{p}, Public: "https://clinic.example", Sender: "post@clinic.example"})
	var week scheduling.Weekly
	for d := range week {
		week[d] = []scheduling.Interval{{From: 0, To: 1440}}
	}
	p.do(access.ScheduleSettings, access.Owner, func(tx *store.Tx) error {
		for _, into := range []*id.ID{&p.provider, &p.other} {
			one, err := scheduling.AddProvider(tx, scheduling.Provider{Name: "Dr. Meera Iyer", Online: true, Weekly: week})
			if err != nil {
				return err
			}
			*into = one.ID
		}
		s, err := scheduling.AddService(tx, scheduling.Service{Name: "Visit", Minutes: 30, Online: true, Providers: []id.ID{p.provider, p.other}})
		if err != nil {
			return err
		}
		p.service = s.ID
		return followup.Found(tx)
	})
	return p
}

func (p *postbox) do(right access.Right, role access.Role, fn func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.DB.Change(background, p.As(role), right, func(_ context.Context, tx *store.Tx) error { return fn(tx) }); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postbox) book(who access.Caller) scheduling.Appointment {
	p.t.Helper()
	r, err := p.desk.Book(background, who, scheduling.Booking{Service: p.service, Provider: p.provider, StartsAt: clock.At(rig.Start.Add(50 * time.Hour)), Language: "en",
		Patient:  patients.Draft{Name: "Asha Rao", Email: "asha@example.org", Phone: "+919820012345", BirthDate: "1980-02-03"},
		Consents: []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}})
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Appointment
}

func (p *postbox) move(who access.Caller, a scheduling.Appointment, to id.ID, after time.Duration) scheduling.Appointment {
	p.t.Helper()
	m, err := p.desk.Move(background, who, a.ID, scheduling.Move{Provider: to, StartsAt: clock.At(rig.Start.Add(after)), Version: a.Version})
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *postbox) status(who access.Caller, a scheduling.Appointment, to scheduling.Status) scheduling.Appointment {
	p.t.Helper()
	m, err := p.desk.SetStatus(background, who, a.ID, a.Version, to)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// after lets time pass and says which kinds of message went out since the last call.
func (p *postbox) after(wait time.Duration, expected ...string) {
	p.t.Helper()
	p.Clock.Move(wait)
	p.got = nil
	p.acts()
	p.delivers()
	var kinds []string
	for _, m := range p.got {
		one, err := p.messages.One(background, p.As(access.Owner), m.ID)
		if err != nil {
			p.t.Fatal(err)
		}
		kinds = append(kinds, string(one.Kind))
	}
	if !slices.Equal(kinds, expected) {
		p.t.Fatalf("went out: %q, want %q", kinds, expected)
	}
}

// acts is the tick: what happened is acted on, and what is due planned.
func (p *postbox) acts() {
	p.t.Helper()
	p.do(access.Work, access.System, func(tx *store.Tx) error {
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

// delivers sends what is planned and due.
func (p *postbox) delivers() {
	p.t.Helper()
	due, err := p.messages.DueMessages(background, p.As(access.System), 100)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range due {
		if err := p.messages.Deliver(background, p.As(access.System), m); err != nil {
			p.t.Fatal(err)
		}
	}
}

const (
	booked    = string(messaging.Booked)
	moved     = string(messaging.Moved)
	cancelled = string(messaging.Cancelled)
)

func TestThePatientActsAndIsToldAtOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := open(t, b)
		a := p.book(accounts.Public(b.Clinic))
		p.after(0, booked)
		patient := accounts.ForPatient(b.Clinic, a.Patient, id.New(b.Clock.Now()))
		a = p.move(patient, a, id.Zero, 52*time.Hour)
		p.after(0, moved)
		if p.got[0].Calendar == nil || p.got[0].Calendar.Method != "REQUEST" {
			t.Error("a move is not carried into the calendar")
		}
		if _, err := p.desk.Cancel(background, patient, a.ID, a.Version); err != nil {
			t.Fatal(err)
		}
		p.after(0, cancelled)
		if p.got[0].Calendar == nil || p.got[0].Calendar.Method != "CANCEL" {
			t.Error("a cancellation is not carried into the calendar")
		}
		p.after(time.Hour)
	})
}

func TestStaffChangesWaitAndAnUndoSendsNothing(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		staff := b.As(access.FrontDesk)
		for name, run := range map[string]func(p *postbox){
			"booked": func(p *postbox) {
				p.book(staff)
				p.after(2 * time.Minute)
				p.after(time.Minute, booked)
				p.after(time.Hour)
			},
			"booked and cancelled": func(p *postbox) {
				a := p.book(staff)
				p.status(staff, a, scheduling.Cancelled)
				p.after(4 * time.Minute)
			},
			"booked, moved within the pause": func(p *postbox) {
				a := p.book(staff)
				p.Clock.Move(time.Minute)
				p.move(staff, a, id.Zero, 52*time.Hour)
				p.after(2*time.Minute, booked)
				p.after(10 * time.Minute)
			},
			"moved and back": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				a = p.move(staff, a, id.Zero, 52*time.Hour)
				p.move(staff, a, id.Zero, 50*time.Hour)
				p.after(4 * time.Minute)
			},
			"moved twice": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				a = p.move(staff, a, id.Zero, 52*time.Hour)
				p.move(staff, a, id.Zero, 54*time.Hour)
				p.after(4*time.Minute, moved)
				p.after(time.Hour)
			},
			"to another practitioner at the same time": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				p.move(staff, a, p.other, 50*time.Hour)
				p.after(4*time.Minute, moved)
			},
			"cancelled and restored": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				a = p.status(staff, a, scheduling.Cancelled)
				p.status(staff, a, scheduling.Booked)
				p.after(4 * time.Minute)
			},
			"cancelled, told, restored": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				a = p.status(staff, a, scheduling.Cancelled)
				p.after(4*time.Minute, cancelled)
				p.status(staff, a, scheduling.Booked)
				p.after(4*time.Minute, booked)
			},
			"marked arrived": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				p.status(staff, a, scheduling.Arrived)
				p.after(4 * time.Minute)
			},
			"moved by staff, then cancelled by the patient": func(p *postbox) {
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				a = p.move(staff, a, id.Zero, 52*time.Hour)
				if _, err := p.desk.Cancel(background, accounts.ForPatient(p.Clinic, a.Patient, id.New(p.Base.Clock.Now())), a.ID, a.Version); err != nil {
					p.t.Fatal(err)
				}
				p.after(0, cancelled)
				p.after(4 * time.Minute)
			},
		} {
			t.Run(name, func(t *testing.T) {
				one := *b // the same base, a clinic of its own
				one.Clinic = b.Found(t, "c-"+strings.NewReplacer(" ", "-", ",", "").Replace(name))
				p := open(t, &one)
				staff = p.As(access.FrontDesk)
				run(p)
			})
		}
	})
}

func TestWithdrawnConsentTakesBackWhatIsPlanned(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "consent-withdrawn")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := open(t, b)
		a := p.book(accounts.Public(b.Clinic))
		p.after(0, booked)
		p.do(access.Work, access.System, func(tx *store.Tx) error {
			_, err := messaging.Send(tx, messaging.Letter{Patient: a.Patient, Appointment: a.ID, Rule: a.ID, Kind: messaging.Reminder, Channel: messaging.Email,
				StartsAt: a.StartsAt, SendAt: tx.Now().Add(time.Hour)})
			return err
		})
		p.do(access.PatientWrite, access.FrontDesk, func(tx *store.Tx) error {
			return consent.Record(tx, a.Patient, []consent.Choice{{Purpose: consent.Reminder, Channel: "email"}}, consent.DoorDesk, "en", id.Zero)
		})
		p.after(time.Minute)
		rows, err := p.messages.Recent(background, p.As(access.Owner), messaging.Filter{State: messaging.Withdrawn})
		if err != nil || len(rows) != 1 || rows[0].Reason != messaging.ReasonNoConsent {
			t.Fatalf("taken back: %d, %v", len(rows), err)
		}
		p.after(26 * time.Hour) // a day before: nothing
	})
}

func TestEveryEventOfSchedulingHasARow(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{scheduling.EventBooked, scheduling.EventMoved, scheduling.EventCancelled, scheduling.EventStatus, consent.EventWithdrawn} {
		n := 0
		for _, r := range journeys.Table() {
			if r.When == kind {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d rows", kind, n)
		}
	}
}

func TestAnEventIsActedOnOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := open(t, b)
		p.book(accounts.Public(b.Clinic))
		var events []journeys.Event
		p.do(access.Work, access.System, func(tx *store.Tx) (err error) { events, err = journeys.Due(&tx.View, 10); return err })
		for range 2 { // two processes read the same list
			p.do(access.Work, access.System, func(tx *store.Tx) error {
				tx.Housekeeping("test")
				for _, e := range events {
					if err := journeys.Act(tx, e); err != nil {
						return err
					}
				}
				return nil
			})
		}
		p.after(0, booked)
	})
}

// TestReceiptGoesOutOnce: money that came for an invoice is told once for each payment, without a word about the visit.
func TestReceiptGoesOutOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "receipts")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := open(t, b)
		house := clinics.New(b.DB, b.Log, clinics.Options{})
		c, err := house.Get(background, b.As(access.Owner))
		if err == nil {
			err = house.SetModules(background, b.As(access.Owner), []string{clinics.ModuleBilling}, c.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		a := p.book(b.As(access.FrontDesk))
		p.after(10*time.Minute, "appointment.booked")
		till := billing.New(b.DB, b.Log)
		_, _, err = till.IssueAndTake(background, b.As(access.FrontDesk), id.Zero, billing.InvoiceDraft{Patient: a.Patient, Appointment: a.ID,
			Lines: []billing.LineDraft{{Words: "Root canal", Class: money.Exempt, Quantity: 1, Price: 50000}}}, 0, billing.Pay{Method: billing.Cash, Key: "once"})
		if err != nil {
			t.Fatal(err)
		}
		p.after(time.Minute, "billing.receipt")
		if m := p.got[len(p.got)-1]; strings.Contains(m.Text+m.Subject+m.HTML, "Root") || strings.Contains(m.Text, "Visit") || !strings.Contains(m.Text, "https://clinic.example/m/") {
			t.Errorf("the receipt says: %s", m.Text)
		}
		p.after(time.Minute)
	})
}
