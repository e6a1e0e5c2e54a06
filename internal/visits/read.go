package visits

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/intake"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

const (
	sqlEncounterOpen = `SELECT ` + encounterColumns + `, note, vitals, signer FROM encounter WHERE clinic_id = $1 AND id = $2`
	// A page of visits reads its own rows and no others, whatever their number: the place of the last row is the key of the next page.
	sqlEncountersOf = `SELECT ` + encounterColumns + `, note FROM encounter WHERE clinic_id = $1 AND patient_id = $2 AND (starts_at < $3 OR starts_at = $3 AND id < $4)
	ORDER BY starts_at DESC, id DESC LIMIT $5`
	sqlTrend = `SELECT id, starts_at, vitals FROM encounter WHERE clinic_id = $1 AND patient_id = $2 AND measured AND starts_at <= $3 ORDER BY starts_at DESC, id DESC LIMIT $4`
)

// trendLength is how many measured visits a small picture shows.
const trendLength = 8

// Point is what was measured at one visit.
type Point struct {
	Encounter id.ID
	At        clock.Instant
	Vitals    Vitals
}

// Open is a visit with everything that its page shows.
type Open struct {
	Encounter
	Clinic       clinics.Clinic
	Patient      patients.Patient
	ProviderName string
	ServiceName  string
	Status       scheduling.Status // of its appointment
	AppVersion   int64             // of its appointment
	Note         Note
	Vitals       Vitals
	Broken       bool // the text cannot be opened; it can then not be written over either
	Signer       string
	Registration string
	Asides       []Aside
	Amendments   []Amendment
	About        About
	Trend        []Point // measured visits up to this one, the oldest first
	Intake       []intake.Answered
	Files        []File
}

// Open reads one visit. Opening it is written down.
func (s *Service) Open(ctx context.Context, who access.Caller, one id.ID) (Open, error) {
	var out Open
	err := s.db.View(ctx, who, access.VisitRead, func(_ context.Context, v *store.View) error {
		var err error
		out, err = open(v, one)
		return err
	})
	return out, err
}

func open(v *store.View, one id.ID) (out Open, err error) {
	if out.Clinic, err = clinics.Must(v, clinics.ModuleClinical); err != nil {
		return out, err
	}
	var note, vitals, signer []byte
	if out.Encounter, err = scanEncounter(v.Row(sqlEncounterOpen, one), &note, &vitals, &signer); err != nil {
		return out, err
	}
	e := out.Encounter
	v.Opened("encounter", one, e.Patient)
	if out.Patient, err = patients.Find(v, e.Patient); err != nil {
		return out, err
	}
	var by signature
	ok := unsealJSON(v, e.Patient, "encounter", "note", one, note, &out.Note)
	ok = unsealJSON(v, e.Patient, "encounter", "vitals", one, vitals, &out.Vitals) && ok
	out.Broken = !(unsealJSON(v, e.Patient, "encounter", "signer", one, signer, &by) && ok)
	out.Signer, out.Registration = by.Name, by.Registration
	a, err := scheduling.FactsOf(v, e.Appointment)
	if err != nil {
		return out, err
	}
	out.ProviderName, out.ServiceName, out.Status, out.AppVersion = a.ProviderName, a.ServiceName, a.Status, a.Version
	if out.Asides, err = asidesOf(v, e); err != nil {
		return out, err
	}
	if out.Amendments, err = amendmentsOf(v, e); err != nil {
		return out, err
	}
	if out.About, err = about(v, e.Patient, clock.DateOf(v.Now().In(out.Clinic.Location()))); err != nil {
		return out, err
	}
	if out.Trend, err = trend(v, e); err != nil {
		return out, err
	}
	if out.Files, err = filesOf(v, e.Patient, 20); err != nil {
		return out, err
	}
	out.Intake, err = intake.AnsweredFor(v, e.Patient, e.Appointment)
	return out, err
}

func trend(v *store.View, e Encounter) ([]Point, error) {
	rows, err := v.Query(sqlTrend, e.Patient, e.StartsAt, trendLength)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Point
	for rows.Next() {
		var p Point
		var sealed []byte
		if err := rows.Scan(&p.Encounter, &p.At, &sealed); err != nil {
			return nil, err
		}
		if unsealJSON(v, e.Patient, "encounter", "vitals", p.Encounter, sealed, &p.Vitals) {
			out = append(out, p)
		}
	}
	slices.Reverse(out)
	return out, rows.Err()
}

// Place is where a page of visits ends; the zero Place is before the newest.
type Place struct {
	At clock.Instant
	ID id.ID
}

// Line is one visit in the list of a patient's visits.
type Line struct {
	Encounter
	Note   Note
	Broken bool
}

// Chart is a patient's page as far as this room fills it: what is known of her, a page of her visits, her newest files.
type Chart struct {
	About  About
	Visits []Line
	More   Place // where the next page begins; zero: there is none
	Files  []File
}

// Chart reads a page of a patient's visits, with what is known of her. It reads and opens what it shows, whatever else there is. Opening it is
// written down.
func (s *Service) Chart(ctx context.Context, who access.Caller, patient id.ID, from Place, limit int) (Chart, error) {
	var out Chart
	err := s.db.View(ctx, who, access.VisitRead, func(_ context.Context, v *store.View) error {
		c, err := clinics.Must(v, clinics.ModuleClinical)
		if err != nil {
			return err
		}
		if out, err = chart(v, patient, from, limit); err != nil {
			return err
		}
		if out.About, err = about(v, patient, clock.DateOf(v.Now().In(c.Location()))); err != nil {
			return err
		}
		out.Files, err = filesOf(v, patient, 20)
		v.Opened("chart", patient, patient)
		return err
	})
	return out, err
}

func chart(v *store.View, patient id.ID, from Place, limit int) (Chart, error) {
	var out Chart
	if from == (Place{}) {
		from.At = 1<<62 - 1
	}
	rows, err := v.Query(sqlEncountersOf, patient, from.At, from.ID, limit+1)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Line
		var note []byte
		if l.Encounter, err = scanEncounter(rows, &note); err != nil {
			return out, err
		}
		if len(out.Visits) == limit {
			last := out.Visits[limit-1]
			out.More = Place{last.StartsAt, last.ID}
			break
		}
		l.Broken = !unsealJSON(v, patient, "encounter", "note", l.ID, note, &l.Note)
		out.Visits = append(out.Visits, l)
	}
	return out, rows.Err()
}

// change opens a Change on what is known of a patient who is there.
func (s *Service) change(ctx context.Context, who access.Caller, patient id.ID, fn func(tx *store.Tx) error) error {
	return s.db.Change(ctx, who, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		return fn(tx)
	})
}

// AddAllergy keeps an allergy; that she knows of none ends with it.
func (s *Service) AddAllergy(ctx context.Context, who access.Caller, patient id.ID, a Allergy) error {
	return s.change(ctx, who, patient, func(tx *store.Tx) error { return AddAllergy(tx, patient, a) })
}

// AddMedicine keeps something that the patient says she takes.
func (s *Service) AddMedicine(ctx context.Context, who access.Caller, patient id.ID, m Medicine) error {
	m.Source = id.Zero
	return s.change(ctx, who, patient, func(tx *store.Tx) error { return AddMedicine(tx, patient, m) })
}

// AddCondition keeps something that the patient lives with.
func (s *Service) AddCondition(ctx context.Context, who access.Caller, patient id.ID, c Condition) error {
	var f fault.Fields
	if c.check(&f); f.Err() != nil {
		return f.Err()
	}
	return s.change(ctx, who, patient, func(tx *store.Tx) error {
		_, err := add(tx, patient, kindCondition, c, id.Zero)
		return err
	})
}

// NoAllergies keeps that the patient was asked and knows of no allergy. While one stands in her record it is fault.Conflict.
func (s *Service) NoAllergies(ctx context.Context, who access.Caller, patient id.ID) error {
	return s.change(ctx, who, patient, func(tx *store.Tx) error {
		now, err := AboutPatient(&tx.View, patient)
		if err != nil {
			return err
		}
		if len(now.Allergies) > 0 {
			return fault.New(fault.Conflict, "fault.allergies_there")
		}
		if _, err := tx.Exec(sqlHealthNo, patient, tx.Now(), id.Null(who.Actor())); err != nil {
			return err
		}
		_, err = add(tx, patient, kindNone, nil, id.Zero)
		return err
	})
}

// End ends an allergy, a condition or a medicine: it no longer holds, or it was wrong. What stood there stays in the record.
func (s *Service) End(ctx context.Context, who access.Caller, patient id.ID, kind string, row id.ID) error {
	if kind != kindAllergy && kind != kindCondition && kind != kindMedicine {
		return fault.Missing()
	}
	return s.change(ctx, who, patient, func(tx *store.Tx) error {
		tx.Record(audit.Note{Action: "end", Kind: kind, Subject: row, Patient: patient})
		return tx.Must(sqlHealthEnd, patient, row, kind, tx.Now(), id.Null(who.Actor()))
	})
}
