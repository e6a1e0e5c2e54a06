package visits

import (
	"errors"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Encounter is one visit as rooms to the right see it: who, when, with whom, and whether it is signed. Its text is this room's.
type Encounter struct {
	ID, Patient, Appointment, Provider, Service id.ID
	StartsAt                                    clock.Instant // of its appointment
	Day                                         clock.Date    // local day in the clinic's zone
	CreatedAt, ChangedAt                        clock.Instant
	ChangedBy                                   id.ID
	SignedAt                                    clock.Instant // zero: not signed
	SignedBy                                    id.ID
	Version                                     int64
}

// Signed says that the visit's text is locked.
func (e Encounter) Signed() bool { return e.SignedAt > 0 }

const (
	encounterColumns = `id, patient_id, appointment_id, provider_id, service_id, starts_at, day, created_at, changed_at, changed_by, signed_at, signed_by, version`

	sqlEncounterGet = `SELECT ` + encounterColumns + ` FROM encounter WHERE clinic_id = $1 AND id = $2`
	sqlEncounterFor = `SELECT ` + encounterColumns + ` FROM encounter WHERE clinic_id = $1 AND appointment_id = $2`
	sqlEncounterAdd = `INSERT INTO encounter (clinic_id, id, patient_id, appointment_id, provider_id, service_id, starts_at, day, created_at, changed_at, changed_by)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10) ON CONFLICT (clinic_id, appointment_id) DO NOTHING`
	// Appointments are scheduling's table. It is read here, never written: a page that is being written asks this every few seconds, in one statement.
	sqlEncounterAlong = `UPDATE encounter SET provider_id = a.provider_id, service_id = a.service_id, starts_at = a.starts_at, day = a.day FROM appointment a
	WHERE encounter.clinic_id = $1 AND encounter.id = $2 AND encounter.signed_at = 0 AND a.clinic_id = $1 AND a.id = encounter.appointment_id
	AND (a.starts_at <> encounter.starts_at OR a.day <> encounter.day OR a.provider_id <> encounter.provider_id OR a.service_id <> encounter.service_id)`
)

func scanEncounter(row interface{ Scan(...any) error }, more ...any) (e Encounter, err error) {
	err = row.Scan(append([]any{&e.ID, &e.Patient, &e.Appointment, &e.Provider, &e.Service, &e.StartsAt, &e.Day, &e.CreatedAt, &e.ChangedAt, &e.ChangedBy,
		&e.SignedAt, &e.SignedBy, &e.Version}, more...)...)
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return e, err
}

// Of reads one visit without its text, for a room to the right. fault.NotFound when it is not there, and where the clinic keeps no
// clinical records.
func Of(v *store.View, encounter id.ID) (Encounter, error) {
	if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
		return Encounter{}, err
	}
	return scanEncounter(v.Row(sqlEncounterGet, encounter))
}

// Begin finds or begins the visit of an appointment: there is one for each. A cancelled or missed appointment has none (fault.Conflict).
func Begin(tx *store.Tx, appointment id.ID) (Encounter, error) {
	if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
		return Encounter{}, err
	}
	e, err := scanEncounter(tx.Row(sqlEncounterFor, appointment))
	if err == nil {
		return along(tx, e)
	}
	if !fault.Is(err, fault.NotFound) {
		return e, err
	}
	a, err := scheduling.FactsOf(&tx.View, appointment)
	if err != nil {
		return e, err
	}
	if a.Status == scheduling.Cancelled || a.Status == scheduling.NoShow {
		return e, fault.New(fault.Conflict, "fault.visit_not_there")
	}
	one := tx.NewID()
	n, err := tx.Exec(sqlEncounterAdd, one, a.Patient, a.ID, a.Provider, a.Service, a.StartsAt, a.Day, tx.Now(), id.Null(tx.Caller().Actor()))
	if err != nil {
		return e, err
	}
	if n > 0 {
		tx.Record(audit.Note{Action: "begin", Kind: "encounter", Subject: one, Patient: a.Patient})
	}
	return scanEncounter(tx.Row(sqlEncounterFor, appointment))
}

// along has a visit that nobody has signed go along with its appointment, which may have been moved since it was begun: a record is of the day on which the patient came, and of the
// practitioner to whom she came.
func along(tx *store.Tx, e Encounter) (Encounter, error) {
	if e.Signed() {
		return e, nil
	}
	n, err := tx.Exec(sqlEncounterAlong, e.ID)
	if err != nil || n == 0 {
		return e, err
	}
	now, err := scanEncounter(tx.Row(sqlEncounterGet, e.ID))
	tx.Record(audit.Note{Action: "reschedule", Kind: "encounter", Subject: e.ID, Patient: e.Patient, Old: map[string]any{"provider": e.Provider, "starts_at": e.StartsAt}, New: map[string]any{"provider": now.Provider, "starts_at": now.StartsAt}})
	return now, err
}
