package privacy_test

import (
	"context"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/visits"
)

var background = context.Background()

// house is a practice with clinical records and this room.
type house struct {
	*practice.Practice
	t      *testing.T
	s      *privacy.Service
	o      privacy.Options
	folk   *patients.Service
	notes  *visits.Service
	owner  access.Caller
	doctor access.Caller
	work   access.Caller

	order   clock.Date // of an order of two people about anybody; empty for none
	backups time.Time  // when the last backup from before an erasure goes; zero for none
	copies  bool       // a copy of the key store from before is there
	n       int
}

func open(t *testing.T, b *rig.Base, modules ...string) *house {
	t.Helper()
	h := &house{Practice: practice.Open(t, b, 1), t: t, folk: patients.New(b.DB, b.Log), notes: visits.New(b.DB), owner: b.As(access.Owner), doctor: b.As(access.Practitioner), work: b.As(access.System)}
	h.o = privacy.Options{Vault: b.Vault,
		Rooms: []privacy.Room{messaging.Keeper{}, followup.Keeper{}, billing.Keeper{}, prescriptions.Keeper{}, visits.Keeper{}, intake.Keeper{}, scheduling.Keeper{}, consent.Keeper{}, patients.Keeper{}},
		Order: func(*store.View, id.ID) (clock.Date, bool, error) { return h.order, h.order != "", nil },
		Head:  func(context.Context) (string, error) { return "7 head", nil },
		Older: func(context.Context, clock.Instant) (time.Time, bool, error) { return h.backups, h.copies, nil },
	}
	h.s = privacy.New(b.DB, b.Log, h.o)
	desk := clinics.New(h.DB, h.Log, clinics.Options{})
	now, err := desk.Get(background, h.owner)
	h.must(err)
	h.must(desk.SetModules(background, h.owner, modules, now.Version))
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// visited adds a patient of the birth date (empty for none) with a visit tomorrow that says the complaint.
func (h *house) visited(birth, complaint string) id.ID {
	h.t.Helper()
	h.n++
	a := h.Booked(h.t, h.As(access.FrontDesk), h.Booking(h.Providers[0], h.At(1, "09:00").Add(time.Duration(h.n)*30*time.Minute), h.n)).Appointment
	e, err := h.notes.Begin(background, h.doctor, a.ID)
	h.must(err)
	_, err = h.notes.Save(background, h.doctor, e.ID, visits.Draft{Note: visits.Note{Complaint: complaint}, Version: e.Version, Tab: id.New(time.Unix(1, 0))})
	h.must(err)
	if birth != "" {
		p, err := h.folk.Open(background, h.owner, e.Patient)
		h.must(err)
		d := practice.Person(h.n)
		d.BirthDate, d.Guardian = birth, &patients.GuardianDraft{Name: "Meera Rao", Phone: "+919876500099", Relation: "parent"}
		_, err = h.folk.Save(background, h.owner, p.ID, d, p.Version)
		h.must(err)
	}
	return e.Patient
}

// days moves the clock to a day of the clinic, at two in the morning, and lets the night's work run there.
func (h *house) night(day clock.Date) {
	h.t.Helper()
	h.Clock.Set(clock.StartOfDay(day, h.Zone).Add(2 * time.Hour))
	h.must(h.s.Work(background, h.work))
}
