package patients

import (
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The age from which somebody decides for herself is the higher of two: that of the clinic's law today, and that of the terms under which the patient is (promise
// policy-agreed-first). The second stands in her row, because what she agreed to is another room's: that room writes it here when the law is changed and when she answers.

const (
	sqlAgesKeep = `UPDATE patient SET adult_age = $2 WHERE clinic_id = $1 AND adult_age < $2`
	sqlAgeSet   = `UPDATE patient SET adult_age = $3 WHERE clinic_id = $1 AND id = $2 AND adult_age <> $3`
	sqlMinorSet = `UPDATE patient SET minor = $3 WHERE clinic_id = $1 AND id = $2 AND minor <> $3`
	sqlAges     = `SELECT p.id, p.birth_date, p.minor, p.adult_age, p.created_at, CASE WHEN EXISTS (SELECT 1 FROM guardian g WHERE g.clinic_id = p.clinic_id AND g.patient_id = p.id) THEN 1 ELSE 0 END
	FROM patient p WHERE p.clinic_id = $1 AND p.id > $2 ORDER BY p.id LIMIT $3`
)

// KeepAges lets everybody who is here stay under the age, though the clinic's law has a lower one from now on: until she agrees to it. The caller records why.
func KeepAges(tx *store.Tx, age int) error {
	_, err := tx.Exec(sqlAgesKeep, int64(age))
	return err
}

// SetAge writes the age of the terms under which the patient is. The caller records why.
func SetAge(tx *store.Tx, patient id.ID, age int) error {
	_, err := tx.Exec(sqlAgeSet, patient, int64(age))
	return err
}

// SetChild corrects the mark by which lists tell children, where her date of birth says otherwise. The caller records why.
func SetChild(tx *store.Tx, patient id.ID, child bool) error {
	_, err := tx.Exec(sqlMinorSet, patient, child)
	return err
}

// Aged is what a tour through all patients sees of one.
type Aged struct {
	ID        id.ID
	Child     bool // by her date of birth today; by the mark of the last save where it is not known
	Marked    bool // the mark of the last save
	AdultAge  int  // see Patient
	CreatedAt clock.Instant
	Guarded   bool // a guardian is on record
}

// Ages opens the dates of birth of the next patients behind the one, at most most of them: none when there are no more. Nothing else of them is opened.
func Ages(v *store.View, c clinics.Clinic, behind id.ID, most int) ([]Aged, error) {
	rows, err := v.Query(sqlAges, behind, most)
	if err != nil {
		return nil, err
	}
	var out []Aged
	var ids []id.ID
	var born [][]byte
	for rows.Next() {
		var a Aged
		var sealed []byte
		var guarded int64
		if err := rows.Scan(&a.ID, &sealed, &a.Marked, &a.AdultAge, &a.CreatedAt, &guarded); err != nil {
			_ = rows.Close()
			return nil, err
		}
		a.Guarded = guarded > 0
		out, ids, born = append(out, a), append(ids, a.ID), append(born, sealed)
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if err := v.Load(ids); err != nil {
		return nil, err
	}
	day := today(v, c)
	for i := range out {
		o := &opener{v: v, subject: out[i].ID, table: "patient", row: out[i].ID}
		p := Patient{BirthDate: clock.Date(o.text("birth_date", born[i])), Minor: out[i].Marked, AdultAge: out[i].AdultAge}
		out[i].Child = p.MinorOn(day, c.MinorAge())
	}
	return out, nil
}
