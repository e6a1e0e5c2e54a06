package patients

import (
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// For whom a guardian's number and address are used. A child is written to through her guardian. On the day on which she comes of age that ends by itself: what
// is about her is hers alone, and a link that went to her mother would open all of it (decision 0072). For an adult in somebody's care the guardian's address stays: the
// guardian was entered when she was of age already, or the desk has said so since.

// notSaid is a guardian of whom nobody said whether she speaks for an adult; fromList is one who came with a list, which says that of nobody.
const (
	notSaid  clock.Instant = -1
	fromList clock.Instant = 0
)

// speaksFor says whether the guardian's address is used for the patient on that day, where childhood ends at age. Without a birth date there is no day on which
// she came of age; with one that does not open nothing goes to a guess.
func (g Guardian) speaksFor(p Patient, day clock.Date, age int, zone *time.Location) bool {
	switch {
	case p.MinorOn(day, age):
		return true
	case p.BirthDate == "":
		return !p.unread("birth_date")
	case g.adult != notSaid:
		return g.adult > fromList
	}
	return Age(p.BirthDate, clock.DateOf(g.since.In(zone))) >= max(age, p.AdultAge)
}

// speaking are the guardians whose addresses are used today.
func speaking(v *store.View, p Patient, c clinics.Clinic) []Guardian {
	day, age, zone := today(v, c), c.MinorAge(), c.Location()
	return slices.DeleteFunc(slices.Clone(p.Guardians), func(g Guardian) bool { return !g.speaksFor(p, day, age, zone) })
}

const sqlGuardianAdult = `UPDATE guardian SET adult_at = $4 WHERE clinic_id = $1 AND patient_id = $2 AND id = $3`

// SpeakForAdult notes that a guardian whom she had as a child speaks for the adult too: a court or the law says so, and the desk has seen it. The patient was seen at
// version. fault.NotFound when there is no such guardian, fault.Conflict "fault.changed_meanwhile" when somebody changed her meanwhile.
func (s *Service) SpeakForAdult(ctx context.Context, who access.Caller, patient, guardian id.ID, version int64) error {
	return s.db.Change(ctx, who, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		old, row, err := find(&tx.View, patient)
		if err != nil {
			return err
		}
		if err := editable(old, version); err != nil {
			return err
		}
		if !slices.ContainsFunc(old.Guardians, func(g Guardian) bool { return g.ID == guardian }) {
			return fault.Missing()
		}
		if err := tx.Must(sqlGuardianAdult, patient, guardian, tx.Now()); err != nil {
			return err
		}
		saved, err := savePatient(tx, old, row)
		if err != nil {
			return err
		}
		if !saved {
			return changedMeanwhile()
		}
		tx.Record(audit.Note{Action: "speak-for-adult", Kind: "patient", Subject: patient, Patient: patient, New: map[string]string{"guardian": guardian.String()}})
		return nil
	})
}
