package visits

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What is known of a patient, as it stands in the banner of her page, of a visit and of a prescription.

// The severities of an allergy, the mildest first. Empty means that nobody said.
const (
	Mild     = "mild"
	Moderate = "moderate"
	Severe   = "severe"
)

// Severities are those that a page offers.
func Severities() []string { return []string{Mild, Moderate, Severe} }

// Allergy is something that the patient must not be given.
type Allergy struct {
	ID        id.ID         `json:"-"`
	Substance string        `json:"substance"`
	Key       string        `json:"key"` // lower-case generic or class name, for matching with drugs; by itself the substance in lower case
	Reaction  string        `json:"reaction,omitempty"`
	Severity  string        `json:"severity,omitempty"`
	AddedAt   clock.Instant `json:"-"`
	AddedBy   id.ID         `json:"-"`
	Broken    bool          `json:"-"` // it cannot be opened: whoever decides by it must be told
}

// Condition is something that the patient lives with.
type Condition struct {
	ID      id.ID         `json:"-"`
	Name    string        `json:"name"`
	Code    string        `json:"code,omitempty"` // ICD-10, where it was picked from the list
	Since   string        `json:"since,omitempty"`
	AddedAt clock.Instant `json:"-"`
	AddedBy id.ID         `json:"-"`
	Broken  bool          `json:"-"`
}

// Medicine is something that the patient takes now.
type Medicine struct {
	ID      id.ID         `json:"-"`
	Name    string        `json:"name"`
	Key     string        `json:"key"` // lower-case generic name, for matching
	Dose    string        `json:"dose,omitempty"`
	Until   clock.Date    `json:"until,omitempty"` // last day; empty: not known, or for good
	Source  id.ID         `json:"-"`               // the prescription that it stands on; zero: it was told
	AddedAt clock.Instant `json:"-"`
	AddedBy id.ID         `json:"-"`
	Broken  bool          `json:"-"`
}

// About is what is known of a patient. NoKnownAllergies says that somebody asked and she knows of none, which is more than an empty list.
type About struct {
	Allergies        []Allergy
	Conditions       []Condition
	Medicines        []Medicine
	NoKnownAllergies bool
	AskedAt          clock.Instant // when it was said that she knows of none
	AskedBy          id.ID
}

// The kinds of rows of the table health.
const (
	kindAllergy   = "allergy"
	kindCondition = "condition"
	kindMedicine  = "medicine"
	kindNone      = "no-allergies"
)

const (
	sqlHealthNow = `SELECT id, kind, body, source_id, added_at, added_by FROM health WHERE clinic_id = $1 AND patient_id = $2 AND ended_at = 0 ORDER BY id`
	sqlHealthAdd = `INSERT INTO health (clinic_id, patient_id, id, kind, body, source_id, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlHealthEnd = `UPDATE health SET ended_at = $5, ended_by = $6 WHERE clinic_id = $1 AND patient_id = $2 AND id = $3 AND kind = $4 AND ended_at = 0`
	sqlHealthNo  = `UPDATE health SET ended_at = $3, ended_by = $4 WHERE clinic_id = $1 AND patient_id = $2 AND kind = 'no-allergies' AND ended_at = 0`
	sqlHealthOf  = `UPDATE health SET ended_at = $4, ended_by = $5 WHERE clinic_id = $1 AND patient_id = $2 AND source_id = $3 AND kind = 'medicine' AND ended_at = 0`
)

// AboutPatient reads what is known of the patient, for a room to the right or a page of this one. Medicines whose last day is over are left
// out. It writes no audit entry: the caller opens a record of hers and says so. fault.NotFound where the clinic keeps no clinical records.
func AboutPatient(v *store.View, patient id.ID) (About, error) {
	c, err := clinics.Must(v, clinics.ModuleClinical)
	if err != nil {
		return About{}, err
	}
	return about(v, patient, clock.DateOf(v.Now().In(c.Location())))
}

func about(v *store.View, patient id.ID, today clock.Date) (About, error) {
	rows, err := v.Query(sqlHealthNow, patient)
	if err != nil {
		return About{}, err
	}
	defer rows.Close()
	var out About
	for rows.Next() {
		var row, source, by id.ID
		var kind string
		var sealed []byte
		var at clock.Instant
		if err := rows.Scan(&row, &kind, &sealed, &source, &at, &by); err != nil {
			return About{}, err
		}
		text, err := v.Unseal(patient, "health", "body", row, sealed)
		broken := err != nil
		open := func(into any) {
			broken = broken || json.Unmarshal([]byte(text), into) != nil
		}
		switch kind {
		case kindAllergy:
			var a Allergy
			open(&a)
			a.ID, a.AddedAt, a.AddedBy, a.Broken = row, at, by, broken
			out.Allergies = append(out.Allergies, a)
		case kindCondition:
			var c Condition
			open(&c)
			c.ID, c.AddedAt, c.AddedBy, c.Broken = row, at, by, broken
			out.Conditions = append(out.Conditions, c)
		case kindMedicine:
			var m Medicine
			open(&m)
			m.ID, m.Source, m.AddedAt, m.AddedBy, m.Broken = row, source, at, by, broken
			if m.Until == "" || m.Until >= today || m.Broken {
				out.Medicines = append(out.Medicines, m)
			}
		case kindNone:
			out.NoKnownAllergies, out.AskedAt, out.AskedBy = true, at, by
		}
	}
	// The dangerous ones first.
	slices.SortStableFunc(out.Allergies, func(a, b Allergy) int {
		return slices.Index(Severities(), b.Severity) - slices.Index(Severities(), a.Severity)
	})
	return out, rows.Err()
}

// MatchKey is how a substance is written to be compared: lower case, single spaces, nothing at the ends.
func MatchKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// line cleans a text of one line and says under the field what is wrong with it.
func line(f *fault.Fields, field, text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		f.Add(field, "field.care.characters")
	case utf8.RuneCountInString(text) > most:
		f.AddWith(field, "field.care.long", map[string]any{"Most": most})
	}
	return text
}

func (a *Allergy) check(f *fault.Fields) {
	a.Substance, a.Reaction = line(f, "substance", a.Substance, 100), line(f, "reaction", a.Reaction, 200)
	if a.Substance == "" {
		f.Add("substance", "field.care.substance")
	}
	if a.Key = MatchKey(a.Key); a.Key == "" {
		a.Key = MatchKey(a.Substance)
	}
	if a.Severity != "" && !slices.Contains(Severities(), a.Severity) {
		f.Add("severity", "field.care.severity")
	}
}

func (c *Condition) check(f *fault.Fields) {
	c.Name, c.Since, c.Code = line(f, "name", c.Name, 200), line(f, "since", c.Since, 40), strings.ToUpper(line(f, "code", c.Code, 10))
	if c.Name == "" {
		f.Add("name", "field.care.condition")
	}
}

func (m *Medicine) check(f *fault.Fields) {
	m.Name, m.Dose = line(f, "medicine", m.Name, 150), line(f, "dose", m.Dose, 150)
	if m.Name == "" {
		f.Add("medicine", "field.care.medicine")
	}
	if m.Key = MatchKey(m.Key); m.Key == "" {
		m.Key = MatchKey(m.Name)
	}
	if m.Until != "" && !m.Until.Valid() {
		f.Add("until", "field.care.date")
	}
}

// add seals one row of what is known. A patient who is not there is fault.NotFound.
func add(tx *store.Tx, patient id.ID, kind string, body any, source id.ID) (id.ID, error) {
	row := tx.NewID()
	var sealed []byte
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return row, err
		}
		if sealed, err = tx.Seal(patient, "health", "body", row, string(text)); err != nil {
			return row, err
		}
	}
	_, err := tx.Exec(sqlHealthAdd, patient, row, kind, sealed, id.Null(source), tx.Now(), id.Null(tx.Caller().Actor()))
	tx.Record(audit.Note{Action: "add", Kind: kind, Subject: row, Patient: patient}) // what it is stands in the record only: more people read the log
	return row, err
}

// AddAllergy keeps an allergy, inside the caller's Change. That she knows of none ends with it. Wrong fields come back as a fault over all of them.
func AddAllergy(tx *store.Tx, patient id.ID, a Allergy) error {
	if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
		return err
	}
	var f fault.Fields
	if a.check(&f); f.Err() != nil {
		return f.Err()
	}
	if _, err := tx.Exec(sqlHealthNo, patient, tx.Now(), id.Null(tx.Caller().Actor())); err != nil {
		return err
	}
	_, err := add(tx, patient, kindAllergy, a, id.Zero)
	return err
}

// AddMedicine keeps what the patient takes from now on, inside the caller's Change: prescriptions say so when they are signed, with
// themselves as Source. Wrong fields come back as a fault over all of them.
func AddMedicine(tx *store.Tx, patient id.ID, m Medicine) error {
	if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
		return err
	}
	var f fault.Fields
	if m.check(&f); f.Err() != nil {
		return f.Err()
	}
	_, err := add(tx, patient, kindMedicine, m, m.Source)
	return err
}

// EndMedicines ends what the patient takes by that source, inside the caller's Change: a prescription that was revoked.
func EndMedicines(tx *store.Tx, patient, source id.ID) error {
	if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
		return err
	}
	n, err := tx.Exec(sqlHealthOf, patient, source, tx.Now(), id.Null(tx.Caller().Actor()))
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "end", Kind: kindMedicine, Subject: source, Patient: patient, New: n})
	}
	return err
}
