package journeys_test

import (
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

const reminder = "reminder"

// named books at the desk by the name alone, so that her confirmation finds no address.
func (p *postbox) named(after time.Duration) scheduling.Appointment {
	p.t.Helper()
	r, err := p.desk.Book(background, p.As(access.FrontDesk), scheduling.Booking{Service: p.service, Provider: p.provider, StartsAt: clock.At(rig.Start.Add(after)), Language: "en",
		Patient: patients.Draft{Name: "Asha Rao"}, Consents: []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}})
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Appointment
}

// addressed gives her an address, later.
func (p *postbox) addressed(patient id.ID) {
	p.t.Helper()
	people := patients.New(p.DB, p.Log)
	x, err := people.Open(background, p.As(access.FrontDesk), patient)
	if err == nil {
		_, err = people.Save(background, p.As(access.FrontDesk), patient, patients.Draft{Name: "Asha Rao", Email: "asha@example.org"}, x.Version)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// listed brings an appointment in from a list, with reminders or without.
func (p *postbox) listed(after time.Duration, remind bool) scheduling.Appointment {
	p.t.Helper()
	x, _, err := patients.New(p.DB, p.Log).Add(background, p.As(access.FrontDesk), patients.Draft{Name: "Asha Rao", Email: "asha@example.org", Phone: "+919820012345"}, true)
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(access.PatientWrite, access.FrontDesk, func(tx *store.Tx) error {
		return consent.Record(tx, x.ID, []consent.Choice{{Purpose: consent.Reminder, Channel: "email", Given: true}}, consent.DoorDesk, "en", id.Zero)
	})
	var one id.ID
	p.do(access.ScheduleBook, access.Owner, func(tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		doctor, err := scheduling.ProviderOf(&tx.View, p.provider)
		if err != nil {
			return err
		}
		services, err := scheduling.Services(&tx.View)
		if err != nil {
			return err
		}
		one, err = scheduling.BringIn(tx, c, scheduling.Brought{Patient: x.ID, Provider: doctor, Service: services[0], StartsAt: clock.At(rig.Start.Add(after)), Minutes: 30, Status: scheduling.Booked, Remind: remind})
		return err
	})
	o, err := p.desk.Open(background, p.As(access.FrontDesk), one)
	if err != nil {
		p.t.Fatal(err)
	}
	return o.Appointment
}

// TestWhoeverKnowsOfItIsToldThatItIsOff: a cancellation, and a move, is told to whoever may know of the appointment, also where no
// confirmation of it ever reached her: from a reminder, from the desk, or from the clinic before this house.
func TestWhoeverKnowsOfItIsToldThatItIsOff(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for name, run := range map[string]func(p *postbox, staff access.Caller){
			"reminded": func(p *postbox, staff access.Caller) {
				a := p.named(50 * time.Hour)
				p.after(4 * time.Minute) // no address
				p.addressed(a.Patient)
				p.after(26*time.Hour, reminder)
				p.status(staff, a, scheduling.Cancelled)
				p.after(4*time.Minute, cancelled)
				p.after(time.Hour)
			},
			"reminded-moved": func(p *postbox, staff access.Caller) {
				a := p.named(50 * time.Hour)
				p.after(4 * time.Minute)
				p.addressed(a.Patient)
				p.after(26*time.Hour, reminder)
				a = p.move(staff, a, id.Zero, 52*time.Hour)
				p.after(4*time.Minute, moved)
				a = p.move(staff, a, id.Zero, 54*time.Hour)
				p.move(staff, a, id.Zero, 52*time.Hour)
				p.after(4 * time.Minute)
			},
			"confirmation-dropped": func(p *postbox, staff access.Caller) {
				a := p.named(50 * time.Hour)
				p.after(4 * time.Minute)
				p.addressed(a.Patient)
				p.status(staff, a, scheduling.Cancelled)
				p.after(4*time.Minute, cancelled)
			},
			"confirmation-dropped-moved": func(p *postbox, staff access.Caller) {
				a := p.named(50 * time.Hour)
				p.after(4 * time.Minute)
				p.addressed(a.Patient)
				p.move(staff, a, id.Zero, 52*time.Hour)
				p.after(4*time.Minute, moved)
			},
			"confirmation-dropped-restored": func(p *postbox, staff access.Caller) {
				a := p.named(50 * time.Hour)
				p.after(4 * time.Minute)
				p.addressed(a.Patient)
				a = p.status(staff, a, scheduling.Cancelled)
				p.status(staff, a, scheduling.Booked)
				p.after(4*time.Minute, booked) // nothing of it has reached her yet
			},
			"confirmation-overtaken": func(p *postbox, _ access.Caller) {
				a := p.book(accounts.Public(p.Clinic))
				p.acts()
				if _, err := p.desk.Cancel(background, accounts.ForPatient(p.Clinic, a.Patient, id.New(p.Base.Clock.Now())), a.ID, a.Version); err != nil {
					p.t.Fatal(err)
				}
				p.delivers() // the confirmation is dropped before the event of the cancellation is looked at
				p.after(0)
			},
			"listed": func(p *postbox, staff access.Caller) {
				a := p.listed(50*time.Hour, true)
				p.after(0)
				p.status(staff, a, scheduling.Cancelled)
				p.after(4*time.Minute, cancelled)
				p.after(time.Hour)
			},
			"listed-moved": func(p *postbox, staff access.Caller) {
				a := p.listed(50*time.Hour, true)
				p.after(0)
				p.move(staff, a, id.Zero, 52*time.Hour)
				p.after(4*time.Minute, moved)
			},
			"listed-restored": func(p *postbox, staff access.Caller) {
				a := p.listed(50*time.Hour, true)
				p.after(0)
				a = p.status(staff, a, scheduling.Cancelled)
				a = p.status(staff, a, scheduling.Booked)
				p.after(4 * time.Minute)
				a = p.status(staff, a, scheduling.Cancelled)
				p.after(4*time.Minute, cancelled)
				p.status(staff, a, scheduling.Booked)
				p.after(4*time.Minute, booked)
			},
			"listed-silent": func(p *postbox, staff access.Caller) {
				a := p.listed(50*time.Hour, false)
				p.after(0)
				p.status(staff, a, scheduling.Cancelled)
				p.after(4 * time.Minute)
			},
		} {
			t.Run(name, func(t *testing.T) {
				one := *b // the same base, a clinic of its own
				one.Clinic = b.Found(t, "k-"+name)
				p := open(t, &one)
				p.Clock.Set(rig.Start)
				run(p, p.As(access.FrontDesk))
			})
		}
	})
}

// TestACancellationInTheLastMinutesIsTold: the pause in which it can be undone reaches over the start, and she may be on her way.
func TestACancellationInTheLastMinutesIsTold(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		for name, run := range map[string]func(p *postbox, staff access.Caller, a scheduling.Appointment){
			"told": func(p *postbox, staff access.Caller, a scheduling.Appointment) {
				p.status(staff, a, scheduling.Cancelled)
				p.after(2 * time.Minute)
				p.after(time.Minute, cancelled)
				p.after(time.Hour)
			},
			"waits": func(p *postbox, staff access.Caller, a scheduling.Appointment) {
				p.status(staff, a, scheduling.Cancelled)
				p.after(2*time.Minute+25*time.Minute, cancelled) // the program stood still
			},
			"undone": func(p *postbox, staff access.Caller, a scheduling.Appointment) {
				a = p.status(staff, a, scheduling.Cancelled)
				p.Clock.Move(time.Minute)
				p.status(staff, a, scheduling.Booked)
				p.after(4 * time.Minute)
			},
			"over": func(p *postbox, staff access.Caller, a scheduling.Appointment) {
				p.status(staff, a, scheduling.Cancelled)
				p.after(33 * time.Minute)
			},
		} {
			t.Run(name, func(t *testing.T) {
				one := *b // the same base, a clinic of its own
				one.Clinic = b.Found(t, "l-"+name)
				p := open(t, &one)
				p.Clock.Set(rig.Start)
				a := p.book(accounts.Public(p.Clinic))
				p.after(0, booked)
				p.Clock.Set(a.StartsAt.Time().Add(-2 * time.Minute))
				p.acts() // the reminders of the standstill are not what is looked at
				run(p, p.As(access.FrontDesk), a)
			})
		}
	})
}
