package scheduling

import (
	"time"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Appointments of another program's list (promise list-appointments): what lies behind becomes history, what lies ahead takes its time through the same
// claims as any booking. Nobody is told of it: no confirmation, and reminders only where the list was brought in with them.

// The doors of appointments that a list brought in.
const (
	DoorList     = "list"      // nobody is reminded of it, and what lay behind then is written about to nobody
	DoorListTold = "list-told" // the clinic's rules remind of it, as of any other
)

// EventListed is announced of an appointment ahead that a list brought in with reminders: the rules are laid over it, and nothing else is sent.
const EventListed = "appointment.listed"

// Brought is an appointment as a list has it.
type Brought struct {
	Patient  id.ID
	Provider Provider
	Service  Service
	StartsAt clock.Instant
	Minutes  int // a multiple of five
	Status   Status
	Note     string
	Remind   bool
}

// Behind says whether it began before now: it is history then.
func (b Brought) Behind(now clock.Instant) bool { return b.StartsAt <= now }

// held is the time that it takes of its provider, with the rests of its service.
func (b Brought) held(c clinics.Clinic) (Offer, Span) {
	o := b.Service.offer(c, b.Provider)
	o.Duration = time.Duration(b.Minutes) * time.Minute
	return o, o.Held(b.StartsAt)
}

// Held is the time that it takes of its provider; empty when it takes none.
func (b Brought) Held(c clinics.Clinic, now clock.Instant) Span {
	_, span := b.held(c)
	if b.Status == Cancelled || span.To <= now {
		return Span{}
	}
	return span
}

// Weighed is what bringing an appointment in would meet.
type Weighed struct {
	Here    bool // the patient has one at that time already
	Clash   Span // the appointment, or the time that is held, in its way; empty for none
	Outside bool // the provider does not work then
}

const (
	sqlThere     = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND patient_id = $2 AND starts_at = $3 AND (status <> 'cancelled' OR $4 = 'cancelled')`
	sqlClaimedBy = `SELECT appointment_id, grain FROM claims WHERE clinic_id = $1 AND resource_id = $2 AND grain >= $3 AND grain < $4 AND (held_until = 0 OR held_until > $5) ORDER BY grain LIMIT 1`
	sqlBroughtOf = `DELETE FROM booking_log WHERE clinic_id = $1 AND appointment_id = $2`
	sqlBroughtBy = `DELETE FROM patient_link WHERE clinic_id = $1 AND appointment_id = $2`
	sqlWithdraw  = `DELETE FROM appointment WHERE clinic_id = $1 AND id = $2 AND version = 1`
)

// ForLists are all providers and services, those who retired as well: history names them.
func ForLists(v *store.View) ([]Provider, []Service, error) {
	who, err := providers(v, true)
	if err != nil {
		return nil, nil, err
	}
	what, err := services(v, true)
	return who, what, err
}

// OffersIt says whether the provider offers the service now.
func OffersIt(p Provider, s Service) bool {
	return p.RetiredAt == 0 && s.RetiredAt == 0 && s.offeredBy(p.ID)
}

// Weigh looks what bringing it in would meet; nothing is changed.
func Weigh(v *store.View, c clinics.Clinic, b Brought) (out Weighed, err error) {
	n := 0
	if err := v.Row(sqlThere, b.Patient, b.StartsAt, string(b.Status)).Scan(&n); err != nil || n > 0 {
		out.Here = n > 0
		return out, err
	}
	span := b.Held(c, v.Now())
	if span == (Span{}) {
		return out, nil
	}
	if out.Clash, err = whatHolds(v, b.Provider.ID, span); err != nil || b.Behind(v.Now()) {
		return out, err
	}
	z := c.Location()
	day := clock.DateOf(b.StartsAt.In(z))
	hours, err := hoursOf(v, []Provider{b.Provider}, day, day, z)
	if err != nil {
		return out, err
	}
	o, _ := b.held(c)
	works, _ := Fits(hours[b.Provider.ID], o, b.StartsAt)
	out.Outside = !works
	return out, nil
}

// whatHolds is the first appointment that holds a part of the span; where it is only held for somebody, that part of it.
func whatHolds(v *store.View, p id.ID, span Span) (Span, error) {
	grains := Grains(span.From, span.To)
	var one id.ID
	var g GrainNo
	err := v.Row(sqlClaimedBy, p, grains[0], grains[len(grains)-1]+1, v.Now()).Scan(&one, &g)
	if err == store.ErrNoRows {
		return Span{}, nil
	}
	if err != nil {
		return Span{}, err
	}
	a, err := get(v, one)
	if fault.Is(err, fault.NotFound) {
		return Span{g.Instant(), (g + 1).Instant()}, nil
	}
	return Span{a.StartsAt, a.EndsAt}, err
}

// LockForList takes the locks of these providers before their time is looked at and taken.
func LockForList(tx *store.Tx, list ...id.ID) error { return lockWhoever(tx, list...) }

// BringIn enters an appointment that was weighed under its provider's lock and met nothing.
func BringIn(tx *store.Tx, c clinics.Clinic, b Brought) (id.ID, error) {
	_, span := b.held(c)
	a := Appointment{ID: tx.NewID(), Patient: b.Patient, Provider: b.Provider.ID, Service: b.Service.ID, StartsAt: b.StartsAt, EndsAt: b.StartsAt.Add(time.Duration(b.Minutes) * time.Minute),
		Day: clock.DateOf(b.StartsAt.In(c.Location())), Status: b.Status, Door: DoorList, Note: b.Note, CreatedAt: tx.Now(), Version: 1, claims: span}
	told := b.Remind && b.Status.Ahead() && !b.Behind(tx.Now())
	if told {
		a.Door = DoorListTold
	}
	if b.Held(c, tx.Now()) != (Span{}) {
		if _, err := take(tx, a.Provider, a.ID, span, false); err != nil {
			return id.Zero, err
		}
	}
	if err := insertAs(tx, a, "list"); err != nil {
		return id.Zero, err
	}
	tx.Record(audit.Note{Action: "bring-in", Kind: "appointment", Subject: a.ID, Patient: a.Patient, New: map[string]any{"provider": a.Provider, "service": a.Service, "starts_at": a.StartsAt, "status": a.Status, "door": a.Door}})
	if b.Behind(tx.Now()) {
		return a.ID, nil
	}
	if err := patients.Touch(tx, a.Patient); err != nil || !told {
		return a.ID, err
	}
	return a.ID, tx.Announce(EventListed, a.ID, 0)
}

// AsBrought reads an appointment that a list brought in. untouched says that it is as it came; there is false when it is gone.
func AsBrought(v *store.View, one id.ID) (a Appointment, untouched, there bool, err error) {
	a, err = get(v, one)
	if fault.Is(err, fault.NotFound) {
		return a, false, false, nil
	}
	return a, err == nil && a.Version == 1 && (a.Door == DoorList || a.Door == DoorListTold), err == nil, err
}

// Withdraw takes an appointment away that a list brought in and that nobody has touched, as if it had never been; its time is free again.
func Withdraw(tx *store.Tx, a Appointment) error {
	if err := lockWhoever(tx, a.Provider); err != nil {
		return err
	}
	if err := release(tx, a.Provider, a.ID, a.claims); err != nil {
		return err
	}
	for _, text := range []string{sqlBroughtOf, sqlBroughtBy} {
		if _, err := tx.Exec(text, a.ID); err != nil {
			return err
		}
	}
	tx.Record(audit.Note{Action: "take-back", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: map[string]any{"provider": a.Provider, "starts_at": a.StartsAt}})
	return tx.Must(sqlWithdraw, a.ID)
}
