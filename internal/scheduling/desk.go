package scheduling

import (
	"context"
	"log/slog"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Pause is how long staff changes wait before the patient is told, so that an undo sends nothing.
const Pause = 3 * time.Minute

// Desk holds the verbs for the doors.
type Desk struct {
	db   *store.DB
	log  *slog.Logger
	sent []func(tx *store.Tx, patient id.ID) error
}

// New makes the desk. sent ends what other rooms sent a patient a link to, when the address that it went to is on file no more (EndSent).
func New(db *store.DB, log *slog.Logger, sent ...func(tx *store.Tx, patient id.ID) error) *Desk {
	return &Desk{db: db, log: log, sent: sent}
}

// The events that this room announces. Their subject is the appointment, their number its occurrence.
const (
	EventBooked    = "appointment.booked"
	EventMoved     = "appointment.moved"
	EventCancelled = "appointment.cancelled"
	EventStatus    = "appointment.status"
)

const (
	appointmentColumns = `id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, lane,
		occurrence, sequence, door, note, overbook_reason, language, status_at, created_at, version`
	sqlAppointmentGet = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND id = $2`
	sqlAppointmentsIn = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND id IN `
	sqlAppointmentDay = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day = $2 ORDER BY provider_id, starts_at, id`
	sqlAppointmentCol = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day = $2 AND provider_id = $3 ORDER BY starts_at, id`
	sqlAppointmentWk  = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, provider_id, starts_at, id`
	sqlAppointmentsOf = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND patient_id = $2 ORDER BY starts_at DESC LIMIT $3`
	sqlUpcomingOf     = `SELECT ` + appointmentColumns + ` FROM appointment WHERE clinic_id = $1 AND provider_id = $2 AND day >= $3
		AND starts_at > $4 AND status IN ('booked', 'confirmed') ORDER BY starts_at LIMIT 500`
	sqlAppointmentAdd = `INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day,
		status, lane, door, note, overbook_reason, language, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	sqlAppointmentMove = `UPDATE appointment SET provider_id = $4, starts_at = $5, ends_at = $6, claims_from = $7, claims_to = $8, day = $9, lane = $10,
		overbook_reason = $11, status = $12, occurrence = occurrence + 1, sequence = sequence + 1, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlAppointmentStatus = `UPDATE appointment SET status = $4, lane = $5, sequence = sequence + $6, occurrence = occurrence + $7, status_at = $8, version = version + 1
		WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlAppointmentNote = `UPDATE appointment SET note = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`

	sqlLogAdd = `INSERT INTO booking_log (clinic_id, appointment_id, id, at, action, role, actor_id, starts_at, provider_id, status)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlLogOf = `SELECT at, action, role, actor_id, starts_at, provider_id, status FROM booking_log WHERE clinic_id = $1 AND appointment_id = $2 ORDER BY id`

	sqlBusy = `SELECT provider_id, day, claims_from, claims_to FROM appointment WHERE clinic_id = $1 AND status <> 'cancelled'
		AND day >= $2 AND day <= $3 AND provider_id = $4`
	sqlDayCount = `SELECT COUNT(*) FROM appointment WHERE clinic_id = $1 AND provider_id = $2 AND day = $3 AND status <> 'cancelled'`
)

func scanAppointment(row interface{ Scan(...any) error }) (a Appointment, note, reason []byte, err error) {
	err = row.Scan(&a.ID, &a.Patient, &a.Provider, &a.Service, &a.StartsAt, &a.EndsAt, &a.claims.From, &a.claims.To, &a.Day, &a.Status, &a.Lane,
		&a.Occurrence, &a.Sequence, &a.Door, &note, &reason, &a.Language, &a.StatusAt, &a.CreatedAt, &a.Version)
	a.insisted = len(reason) > 0
	return a, note, reason, err
}

// get reads one appointment with its note and reason.
func get(v *store.View, one id.ID) (Appointment, error) {
	a, note, reason, err := scanAppointment(v.Row(sqlAppointmentGet, one))
	if err == store.ErrNoRows {
		return a, fault.Missing()
	}
	if err != nil {
		return a, err
	}
	if a.Note, err = v.Unseal(a.Patient, "appointment", "note", a.ID, note); err != nil {
		return a, err
	}
	a.OverbookReason, err = v.Unseal(a.Patient, "appointment", "overbook_reason", a.ID, reason)
	return a, err
}

func many(rows *store.Rows, err error) ([]Appointment, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Appointment
	for rows.Next() {
		a, _, _, err := scanAppointment(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

func log(tx *store.Tx, action string, a Appointment) error {
	return tx.Later(sqlLogAdd, a.ID, tx.NewID(), tx.Now(), action, string(tx.Caller().Role()), id.Null(tx.Caller().Actor()), a.StartsAt, a.Provider, string(a.Status))
}

// Calendar is what a page of days needs to know of the clinic: read once, in a fixed number of statements.
type Calendar struct {
	Clinic    clinics.Clinic
	Providers []Provider
	Services  map[id.ID]Service
	Days      []Day
	Today     clock.Date
	Now       clock.Instant
	Counter   int64 // of the clinic's changes, read first: what it does not count may be missing here
}

// Day is one local day with a column for each provider.
type Day struct {
	Date    clock.Date
	Columns []Column
}

// Column is one provider's day.
type Column struct {
	Provider Provider
	Open     []Span
	Entries  []Entry
}

// Entry is an appointment with what a calendar shows of it.
type Entry struct {
	Appointment
	Name    patients.Name
	Broken  bool // the row could not be read in full; the rest of the day stands
	Outside bool // ahead, and in leave, in a closure or outside the hours as they are now
}

// Days reads the calendar from..to (7 days at most) for all providers or, when one is not zero,
// for that one: Services then come without their Providers. It is a list of patients: one audit
// entry, not repeated within a quarter of an hour.
func (d *Desk) Days(ctx context.Context, who access.Caller, from, to clock.Date, one id.ID) (Calendar, error) {
	var out Calendar
	if !from.Valid() || !to.Valid() || from.DaysUntil(to) < 0 || from.DaysUntil(to) > 6 {
		return out, fault.Missing()
	}
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = calendar(v, from, to, one); err != nil {
			return err
		}
		key := string(from)
		if to != from {
			key += ".." + string(to)
		}
		var seen []id.ID
		for _, day := range out.Days {
			for _, c := range day.Columns {
				for _, e := range c.Entries {
					seen = append(seen, e.Patient)
				}
			}
		}
		if one.IsZero() {
			v.Listed("day", key, seen)
		} else { // who was shown the whole day was shown this; seeing one column does not stand for another
			v.ListedPart("day", key, key+" "+one.String(), seen)
		}
		return nil
	})
	return out, err
}

func calendar(v *store.View, from, to clock.Date, one id.ID) (Calendar, error) {
	out := Calendar{Now: v.Now(), Services: map[id.ID]Service{}}
	var err error
	if out.Counter, err = v.Counter(); err != nil {
		return out, err
	}
	if out.Clinic, err = clinics.Get(v); err != nil {
		return out, err
	}
	z := out.Clinic.Location()
	out.Today = clock.DateOf(v.Now().In(z))
	var all []Provider
	var list []Service
	if one.IsZero() {
		if all, err = providers(v, true); err == nil {
			list, err = services(v, true)
		}
	} else { // one column: who else works here, and who offers what, is not asked
		if all, err = justOne(v, one); err == nil {
			list, err = servicesAlone(v, true)
		}
	}
	if err != nil {
		return out, err
	}
	for _, s := range list {
		out.Services[s.ID] = s
	}
	var found []Appointment
	switch {
	case !one.IsZero() && from == to:
		found, err = many(v.Query(sqlAppointmentCol, from, one))
	case from == to:
		found, err = many(v.Query(sqlAppointmentDay, from))
	default:
		found, err = many(v.Query(sqlAppointmentWk, from, to))
	}
	if err != nil {
		return out, err
	}
	type place struct {
		day      clock.Date
		provider id.ID
	}
	ids := make([]id.ID, 0, len(found))
	has := map[id.ID]bool{}
	in := map[place][]Appointment{} // a week of many columns is not searched through for each of them
	for _, a := range found {
		ids = append(ids, a.Patient)
		has[a.Provider] = true
		in[place{a.Day, a.Provider}] = append(in[place{a.Day, a.Provider}], a)
	}
	names, err := patients.Names(v, ids)
	if err != nil {
		return out, err
	}
	for _, p := range all { // a retired provider keeps her column on the days that she has entries
		if (p.RetiredAt == 0 || has[p.ID]) && (one.IsZero() || p.ID == one) {
			out.Providers = append(out.Providers, p)
		}
	}
	hours, err := hoursOf(v, out.Providers, from, to, z)
	if err != nil {
		return out, err
	}
	for date := from; date <= to; date = date.AddDays(1) {
		day := Day{Date: date}
		for _, p := range out.Providers {
			c := Column{Provider: p}
			if p.RetiredAt == 0 {
				c.Open = hours[p.ID].Open(date)
			}
			for _, a := range in[place{date, p.ID}] {
				n, ok := names[a.Patient]
				c.Entries = append(c.Entries, Entry{Appointment: a, Name: n, Broken: !ok || n.Broken,
					Outside: a.Status.Ahead() && a.StartsAt > out.Now && hours[p.ID].uncovered(c.Open, a)})
			}
			day.Columns = append(day.Columns, c)
		}
		out.Days = append(out.Days, day)
	}
	return out, nil
}

// Opened is one appointment with everything that its card shows.
type Opened struct {
	Appointment
	Clinic   clinics.Clinic
	Name     patients.Name
	Provider Provider
	Service  Service
	Log      []LogEntry
}

// Open reads one appointment for its card. Opening it is written down.
func (d *Desk) Open(ctx context.Context, who access.Caller, one id.ID) (Opened, error) {
	var out Opened
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) error {
		var err error
		if out, err = open(v, one); err != nil {
			return err
		}
		v.Opened("appointment", one, out.Patient)
		return nil
	})
	return out, err
}

func open(v *store.View, one id.ID) (Opened, error) {
	var out Opened
	var err error
	if out.Appointment, err = get(v, one); err != nil {
		return out, err
	}
	if out.Clinic, err = clinics.Get(v); err != nil {
		return out, err
	}
	names, err := patients.Names(v, []id.ID{out.Patient})
	if err != nil {
		return out, err
	}
	out.Name = names[out.Patient]
	if out.Provider, err = provider(v, out.Appointment.Provider); err != nil {
		return out, err
	}
	if out.Service, err = service(v, out.Appointment.Service); err != nil {
		return out, err
	}
	rows, err := v.Query(sqlLogOf, one)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var e LogEntry
		if err := rows.Scan(&e.At, &e.Action, &e.Role, &e.Actor, &e.StartsAt, &e.Provider, &e.Status); err != nil {
			return out, err
		}
		out.Log = append(out.Log, e)
	}
	return out, rows.Err()
}

// OfPatient lists a patient's appointments, the newest first.
func (d *Desk) OfPatient(ctx context.Context, who access.Caller, patient id.ID, limit int) ([]Appointment, error) {
	var out []Appointment
	err := d.db.View(ctx, who, access.ScheduleRead, func(_ context.Context, v *store.View) (err error) {
		out, err = many(v.Query(sqlAppointmentsOf, patient, limit))
		return err
	})
	return out, err
}

// sealNote seals a free text of an appointment under its patient's key.
func sealNote(tx *store.Tx, patient, appointment id.ID, column, text string) ([]byte, error) {
	return tx.Seal(patient, "appointment", column, appointment, text)
}

// sealOwn seals a text that is the clinic's own.
func sealOwn(tx *store.Tx, table, column string, row id.ID, text string) ([]byte, error) {
	return tx.Seal(vault.ClinicData, table, column, row, text)
}
