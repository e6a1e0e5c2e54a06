package scheduling

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Move is a wish to put an appointment elsewhere.
type Move struct {
	Provider id.ID // zero keeps the provider
	StartsAt clock.Instant
	Version  int64  // that the mover saw
	Overbook string // reason; staff only
}

func changed() *fault.Fault { return fault.New(fault.Conflict, "fault.changed_meanwhile") }

// byLink says whether the caller came by a link: the patient herself, or whoever booked.
func byLink(who access.Caller) bool {
	return who.Role() == access.Patient || who.Role() == access.Booker
}

// mine says whether the caller may touch the appointment: staff any, a patient only her own, who booked only that one.
func mine(who access.Caller, a Appointment) bool {
	if who.Role() == access.Booker && who.About() != a.ID {
		return false
	}
	return !byLink(who) || who.Patient() == a.Patient
}

func changeRight(who access.Caller) access.Right {
	if byLink(who) {
		return access.BookedChange
	}
	return access.ScheduleBook
}

// cancelRight is a right of its own: a clinic that may enter nothing can still tell its patients not to come.
func cancelRight(who access.Caller) access.Right {
	if byLink(who) {
		return access.BookedChange
	}
	return access.ScheduleCancel
}

// held reads an appointment for a change and checks that the changer saw its present version.
func held(tx *store.Tx, one id.ID, version int64) (Appointment, error) {
	a, err := get(&tx.View, one)
	if err != nil {
		return a, err
	}
	if !mine(tx.Caller(), a) {
		return a, fault.Missing()
	}
	if a.Version != version {
		return a, changed()
	}
	return a, nil
}

// Move moves an appointment: it gives its time back and takes the new one in one Change. A lost
// race answers Conflict and changes nothing.
func (d *Desk) Move(ctx context.Context, who access.Caller, one id.ID, m Move) (Appointment, error) {
	patient := byLink(who)
	if patient {
		m.Overbook = ""
	}
	var f fault.Fields
	m.Overbook = checkText(&f, "overbook", m.Overbook, 200)
	if !onGrain(m.StartsAt) || m.StartsAt <= 0 {
		f.Add("starts_at", "field.start.grain")
	}
	if err := f.Err(); err != nil {
		return Appointment{}, err
	}
	if m.Overbook != "" && !who.May(access.ScheduleOverbook) {
		return Appointment{}, fault.New(fault.Forbidden, "fault.forbidden")
	}
	var out Appointment
	err := d.db.Change(ctx, who, changeRight(who), func(_ context.Context, tx *store.Tx) error {
		a, err := held(tx, one, m.Version)
		if err != nil {
			return err
		}
		to := m.Provider
		if to.IsZero() {
			to = a.Provider
		}
		if err := lockMoving(tx, a.Provider, to); err != nil {
			return err
		}
		if a, err = held(tx, one, m.Version); err != nil { // again, now that nobody else can move it
			return err
		}
		if !a.Status.Ahead() || patient && a.StartsAt <= tx.Now() {
			return fault.New(fault.Conflict, "fault.not_ahead")
		}
		if to == a.Provider && m.StartsAt == a.StartsAt {
			tx.Housekeeping("it stands there already: nothing is written, and nobody is told")
			out = a
			return nil
		}
		out, err = move(tx, a, to, m.StartsAt, m.Overbook)
		return err
	})
	return out, err
}

// lockMoving locks both providers. One who has retired is left without a lock: nobody can book with her.
func lockMoving(tx *store.Tx, from, to id.ID) error {
	return eachInOrder([]id.ID{from, to}, func(p id.ID) error {
		if p == to {
			return tx.Must(sqlProviderLock, p)
		}
		_, err := tx.Exec(sqlProviderLock, p)
		return err
	})
}

func move(tx *store.Tx, a Appointment, to id.ID, start clock.Instant, over string) (Appointment, error) {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return a, err
	}
	s, err := service(&tx.View, a.Service)
	if err != nil {
		return a, err
	}
	p, err := provider(&tx.View, to)
	if err != nil {
		return a, err
	}
	if p.RetiredAt > 0 || to != a.Provider && !s.offeredBy(to) {
		return a, fault.New(fault.Conflict, "fault.provider_does_not_offer")
	}
	public := byLink(tx.Caller())
	if public && (!p.Online || !c.Online) {
		return a, fault.New(fault.Conflict, "fault.online_booking_off")
	}
	// The visit keeps the length that it was booked with, whatever became of the service.
	o := s.offer(c, p)
	o.Duration = a.Length()
	if err := allowed(tx, c, p, o, start, public, over != "", a.ID); err != nil {
		return a, err
	}
	was := a
	if err := release(tx, a.Provider, a.ID, a.claims); err != nil {
		return a, err
	}
	a.claims = o.Held(start)
	if a.Lane, err = take(tx, to, a.ID, a.claims, over != ""); err != nil {
		return a, err
	}
	a.EndsAt, a.StartsAt, a.Provider = start.Add(a.Length()), start, to
	a.Day = clock.DateOf(start.In(c.Location()))
	a.Status, a.OverbookReason = Booked, over
	reason, err := sealNote(tx, a.Patient, a.ID, "overbook_reason", over)
	if err != nil {
		return a, err
	}
	n, err := tx.Exec(sqlAppointmentMove, a.ID, a.Version, a.Provider, a.StartsAt, a.EndsAt, a.claims.From, a.claims.To, a.Day, a.Lane, reason, string(a.Status))
	if err != nil {
		return a, err
	}
	if n != 1 {
		return a, changed()
	}
	a.Version, a.Occurrence, a.Sequence = a.Version+1, a.Occurrence+1, a.Sequence+1
	if _, err := tx.Exec(sqlLinkStretch, a.Patient, a.ID, a.EndsAt.Add(LinkLife)); err != nil {
		return a, err
	}
	if err := log(tx, "reschedule", a); err != nil {
		return a, err
	}
	tx.Record(audit.Note{Action: "reschedule", Kind: "appointment", Subject: a.ID, Patient: a.Patient,
		Old: map[string]any{"provider": was.Provider, "starts_at": was.StartsAt},
		New: map[string]any{"provider": a.Provider, "starts_at": a.StartsAt, "overbooked": over != "", "reason": over}})
	return a, announce(tx, EventMoved, a)
}

// Cancel cancels an appointment and gives its time back.
func (d *Desk) Cancel(ctx context.Context, who access.Caller, one id.ID, version int64) (Appointment, error) {
	return d.CancelBecause(ctx, who, one, version, "")
}

// NoteLimit is how many letters a note of an appointment has when it is made.
const NoteLimit = noteLimit

// noteLimit is how many letters a note of an appointment has, and becauseLimit how many the line in it has that says why it was cancelled.
const noteLimit, becauseLimit = 300, 200

// CancelBecause is Cancel with a line that says why: it is kept at the end of the note, in the same Change. A line that is too long
// is a wrong field "why".
func (d *Desk) CancelBecause(ctx context.Context, who access.Caller, one id.ID, version int64, why string) (Appointment, error) {
	var out Appointment
	var f fault.Fields
	why = checkText(&f, "why", why, becauseLimit)
	if err := f.Err(); err != nil {
		return out, err
	}
	err := d.db.Change(ctx, who, cancelRight(who), func(_ context.Context, tx *store.Tx) error {
		a, err := held(tx, one, version)
		if err != nil {
			return err
		}
		// Under the lock nobody is booked over this time while it is given back: a claim on a higher
		// lane would stay there, and the time beside it would be sold again.
		if err := lockWhoever(tx, a.Provider); err != nil {
			return err
		}
		if a, err = held(tx, one, version); err != nil {
			return err
		}
		if byLink(who) && (!a.Status.Ahead() || a.StartsAt <= tx.Now()) {
			return fault.New(fault.Conflict, "fault.not_ahead")
		}
		out, err = cancel(tx, a, why)
		return err
	})
	return out, err
}

// cancel cancels; why, if any, goes to the end of the note that a was read with.
func cancel(tx *store.Tx, a Appointment, why string) (Appointment, error) {
	if a.Status == Cancelled || a.Status == Completed {
		return a, fault.New(fault.Conflict, "fault.not_ahead")
	}
	was := a.Status
	if err := release(tx, a.Provider, a.ID, a.claims); err != nil {
		return a, err
	}
	a.Status, a.Lane = Cancelled, 0
	if err := setStatus(tx, &a, 1, 0); err != nil {
		return a, err
	}
	if err := log(tx, "cancel", a); err != nil {
		return a, err
	}
	note := audit.Note{Action: "cancel", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: was, New: a.Status}
	if why != "" {
		note.Old, note.New = map[string]any{"status": was}, map[string]any{"status": a.Status, "why": why}
		if err := setNote(tx, &a, strings.TrimSpace(a.Note+"\n"+why)); err != nil {
			return a, err
		}
	}
	tx.Record(note)
	return a, announce(tx, EventCancelled, a)
}

func setStatus(tx *store.Tx, a *Appointment, sequence, occurrence int64) error {
	n, err := tx.Exec(sqlAppointmentStatus, a.ID, a.Version, string(a.Status), a.Lane, sequence, occurrence, tx.Now())
	if err != nil {
		return err
	}
	if n != 1 {
		return changed()
	}
	a.Version, a.Sequence, a.Occurrence, a.StatusAt = a.Version+1, a.Sequence+sequence, a.Occurrence+occurrence, tx.Now()
	return nil
}

// SetStatus marks an appointment as confirmed, arrived, with the practitioner, completed or
// missed, or takes such a mark back.
func (d *Desk) SetStatus(ctx context.Context, who access.Caller, one id.ID, version int64, to Status) (Appointment, error) {
	if to == Cancelled {
		return d.Cancel(ctx, who, one, version)
	}
	var out Appointment
	err := d.db.Change(ctx, who, changeRight(who), func(_ context.Context, tx *store.Tx) error {
		a, err := held(tx, one, version)
		if err != nil {
			return err
		}
		if byLink(who) && to != Confirmed {
			return fault.Missing()
		}
		if a.Status == Cancelled && to == Booked {
			out, err = restore(tx, a)
			return err
		}
		ok := false
		for _, s := range next[a.Status] {
			ok = ok || s == to
		}
		if !ok {
			return fault.New(fault.Conflict, "fault.status_order").With("From", string(a.Status)).With("To", string(to))
		}
		was := a.Status
		a.Status = to
		if err := setStatus(tx, &a, 0, 0); err != nil {
			return err
		}
		if err := log(tx, string(to), a); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "status", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: was, New: to})
		out = a
		return announce(tx, EventStatus, a)
	})
	return out, err
}

// restore takes a cancellation back, if the time is still free and still worked. One that was
// booked over others on purpose comes back over them: its reason still stands.
func restore(tx *store.Tx, a Appointment) (Appointment, error) {
	if err := lockProviders(tx, a.Provider); err != nil {
		return a, err
	}
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return a, err
	}
	s, err := service(&tx.View, a.Service)
	if err != nil {
		return a, err
	}
	p, err := provider(&tx.View, a.Provider)
	if err != nil {
		return a, err
	}
	over := a.OverbookReason != ""
	o := s.offer(c, p)
	o.Duration = a.Length()
	if err := allowed(tx, c, p, o, a.StartsAt, false, over, a.ID); err != nil {
		return a, err
	}
	if a.Lane, err = take(tx, a.Provider, a.ID, a.claims, over); err != nil {
		return a, err
	}
	a.Status = Booked
	if err := setStatus(tx, &a, 1, 1); err != nil {
		return a, err
	}
	if err := log(tx, "restore", a); err != nil {
		return a, err
	}
	tx.Record(audit.Note{Action: "restore", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: Cancelled, New: Booked})
	return a, announce(tx, EventBooked, a)
}

// SetNote changes the scheduling note of an appointment.
func (d *Desk) SetNote(ctx context.Context, who access.Caller, one id.ID, version int64, text string) error {
	var f fault.Fields
	text = checkText(&f, "note", text, noteLimit+becauseLimit+1)
	if err := f.Err(); err != nil {
		return err
	}
	return d.db.Change(ctx, who, access.ScheduleBook, func(_ context.Context, tx *store.Tx) error {
		a, err := held(tx, one, version)
		if err != nil {
			return err
		}
		was := a.Note
		if err := setNote(tx, &a, text); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "note", Kind: "appointment", Subject: a.ID, Patient: a.Patient, Old: was, New: text})
		return nil
	})
}

func setNote(tx *store.Tx, a *Appointment, text string) error {
	sealed, err := sealNote(tx, a.Patient, a.ID, "note", text)
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlAppointmentNote, a.ID, a.Version, sealed)
	if err != nil {
		return err
	}
	if n != 1 {
		return changed()
	}
	a.Version, a.Note = a.Version+1, text
	return nil
}
