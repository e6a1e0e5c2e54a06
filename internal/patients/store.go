package patients

import (
	"errors"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const sqlPatientAdd = `INSERT INTO patient (clinic_id, id, name, phone, email, birth_date, sex, address, language, minor, source, seen_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)`

const sqlPatientFind = `SELECT id, name, phone, email, birth_date, sex, address, notes, language, minor, adult_age, source, seen_at, created_at, version
	FROM patient WHERE clinic_id = $1 AND id = $2`

const sqlPatientSave = `UPDATE patient SET name = $4, phone = $5, email = $6, birth_date = $7, sex = $8, address = $9, language = $10, minor = $11, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3`

const sqlNotesSave = `UPDATE patient SET notes = $4, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`

const sqlPatientTouch = `UPDATE patient SET seen_at = $3 WHERE clinic_id = $1 AND id = $2 AND seen_at < $3`

const sqlPatientNames = `SELECT id, name, minor FROM patient WHERE clinic_id = $1 AND id IN `

const sqlPatientReach = `SELECT id, name, minor, phone, email, birth_date, adult_age, language FROM patient WHERE clinic_id = $1 AND id IN `

const sqlPatientErase = `DELETE FROM patient WHERE clinic_id = $1 AND id = $2`

// The four ways in which rows for a list are read give the same columns, so that one function opens them.
const (
	sqlListedRecent = `SELECT p.id, p.name, p.phone, p.email, p.birth_date, p.minor, p.seen_at
	FROM patient p WHERE p.clinic_id = $1 ORDER BY p.seen_at DESC LIMIT $2`

	// The bucket is asked for each of the recent ones: neither engine can then walk it from its
	// beginning, which would grow with the clinic.
	sqlListedRecentIn = `SELECT p.id, p.name, p.phone, p.email, p.birth_date, p.minor, p.seen_at
	FROM (SELECT id FROM patient WHERE clinic_id = $1 ORDER BY seen_at DESC LIMIT $3) r CROSS JOIN patient p
	WHERE p.clinic_id = $1 AND p.id = r.id
	AND (SELECT COUNT(*) FROM patient_token t WHERE t.clinic_id = $1 AND t.bucket = $2 AND t.patient_id = r.id) > 0`

	sqlListedBucket = `SELECT p.id, p.name, p.phone, p.email, p.birth_date, p.minor, p.seen_at
	FROM patient_token t JOIN patient p ON p.clinic_id = t.clinic_id AND p.id = t.patient_id
	WHERE t.clinic_id = $1 AND t.bucket = $2 AND t.patient_id < $3
	ORDER BY t.patient_id DESC LIMIT $4`

	// The longer word stands first: SQLite walks its bucket and looks the other up.
	sqlListedBuckets = `SELECT p.id, p.name, p.phone, p.email, p.birth_date, p.minor, p.seen_at
	FROM patient_token t
	JOIN patient_token u ON u.clinic_id = t.clinic_id AND u.bucket = $3 AND u.patient_id = t.patient_id
	JOIN patient p ON p.clinic_id = t.clinic_id AND p.id = t.patient_id
	WHERE t.clinic_id = $1 AND t.bucket = $2 AND t.patient_id < $4
	ORDER BY t.patient_id DESC LIMIT $5`

	// The few in these buckets are found first, each bucket by its key, and put into order there: either engine would rather walk
	// the whole register by id, or all tokens by patient. The rows come in no order.
	sqlListedAlike = `WITH t AS MATERIALIZED (
	SELECT patient_id FROM patient_token WHERE clinic_id = $1 AND bucket = $2
	UNION SELECT patient_id FROM patient_token WHERE clinic_id = $1 AND bucket = $3
	UNION SELECT patient_id FROM patient_token WHERE clinic_id = $1 AND bucket = $4
	UNION SELECT patient_id FROM patient_token WHERE clinic_id = $1 AND bucket = $5
	UNION SELECT patient_id FROM patient_token WHERE clinic_id = $1 AND bucket = $6
	ORDER BY patient_id DESC LIMIT $7)
	SELECT p.id, p.name, p.phone, p.email, p.birth_date, p.minor, p.seen_at
	FROM t CROSS JOIN patient p WHERE p.clinic_id = $1 AND p.id = t.patient_id`
)

const (
	// A bucket that stands twice among the eight is written once.
	sqlTokensAdd = `INSERT INTO patient_token (clinic_id, bucket, patient_id) VALUES
	($1, $3, $2), ($1, $4, $2), ($1, $5, $2), ($1, $6, $2), ($1, $7, $2), ($1, $8, $2), ($1, $9, $2), ($1, $10, $2),
	($1, $11, $2), ($1, $12, $2), ($1, $13, $2), ($1, $14, $2), ($1, $15, $2), ($1, $16, $2), ($1, $17, $2), ($1, $18, $2)
	ON CONFLICT DO NOTHING`
	sqlTokensOf    = `SELECT bucket FROM patient_token WHERE clinic_id = $1 AND patient_id = $2`
	sqlTokensDrop  = `DELETE FROM patient_token WHERE clinic_id = $1 AND patient_id = $2 AND bucket IN `
	sqlTokensErase = `DELETE FROM patient_token WHERE clinic_id = $1 AND patient_id = $2`
)

// A row of patient_gate never outlives its transaction: it only makes another one that enters a
// person with the same name wait until the first is decided.
const (
	sqlGateTake = `INSERT INTO patient_gate (clinic_id, bucket) VALUES ($1, $2)
	ON CONFLICT (clinic_id, bucket) DO UPDATE SET bucket = excluded.bucket`
	sqlGateGive = `DELETE FROM patient_gate WHERE clinic_id = $1 AND bucket = $2`
)

const (
	sqlGuardianAdd  = `INSERT INTO guardian (clinic_id, patient_id, id, name, phone, email, relation, created_at, adult_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlGuardianSave = `UPDATE guardian SET name = $4, phone = $5, email = $6, relation = $7 WHERE clinic_id = $1 AND patient_id = $2 AND id = $3`
	sqlGuardianDrop = `DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2 AND id = $3`
	sqlGuardiansOf  = `SELECT patient_id, id, name, phone, email, relation, created_at, COALESCE(adult_at, -1) FROM guardian WHERE clinic_id = $1 AND patient_id = $2 ORDER BY created_at, id`
	sqlGuardiansIn  = `SELECT patient_id, id, name, phone, email, relation, created_at, COALESCE(adult_at, -1) FROM guardian WHERE clinic_id = $1 AND patient_id IN `
	sqlGuardErase   = `DELETE FROM guardian WHERE clinic_id = $1 AND patient_id = $2`
)

// sealedRow is a patient as the table holds her.
type sealedRow struct {
	id                                                     id.ID
	name, phone, email, birthDate, sex, address, notesText []byte
	language, source                                       string
	minor                                                  bool
	adultAge                                               int
	seenAt, createdAt                                      clock.Instant
	version                                                int64
}

// opener opens sealed cells of one row and remembers which could not be opened.
type opener struct {
	v          *store.View
	subject    id.ID
	table      string
	row        id.ID
	unreadable []string
	keyless    bool // a cell did not open because the patient's key is gone or damaged
}

// text opens one column. A cell that does not open (its key destroyed, its bytes changed) gives "".
func (o *opener) text(column string, sealed []byte) string {
	text, err := o.v.Unseal(o.subject, o.table, column, o.row, sealed)
	if err != nil {
		o.unreadable = append(o.unreadable, column)
		o.keyless = o.keyless || !errors.Is(err, vault.ErrForged)
		return ""
	}
	return text
}

// sealer seals texts of one row until the first failure.
type sealer struct {
	v       *store.View
	subject id.ID
	table   string
	row     id.ID
	err     error
}

func (s *sealer) text(column, text string) []byte {
	if s.err != nil {
		return nil
	}
	var out []byte
	out, s.err = s.v.Seal(s.subject, s.table, column, s.row, text)
	return out
}

// readPatient reads and opens one row without guardians; store.ErrNoRows when it is not there.
func readPatient(v *store.View, patient id.ID) (Patient, sealedRow, error) {
	var r sealedRow
	err := v.Row(sqlPatientFind, patient).Scan(&r.id, &r.name, &r.phone, &r.email, &r.birthDate, &r.sex, &r.address, &r.notesText,
		&r.language, &r.minor, &r.adultAge, &r.source, &r.seenAt, &r.createdAt, &r.version)
	if err != nil {
		return Patient{}, r, err
	}
	if err := v.Load([]id.ID{patient}); err != nil {
		return Patient{}, r, err
	}
	o := &opener{v: v, subject: patient, table: "patient", row: patient}
	p := Patient{
		ID: r.id, Name: o.text("name", r.name), Phone: contact.Phone(o.text("phone", r.phone)), Email: contact.Email(o.text("email", r.email)),
		BirthDate: clock.Date(o.text("birth_date", r.birthDate)), Sex: o.text("sex", r.sex), Address: o.text("address", r.address), Notes: o.text("notes", r.notesText),
		Language: r.language, Minor: r.minor, AdultAge: r.adultAge, Source: r.source, SeenAt: r.seenAt, CreatedAt: r.createdAt, Version: r.version,
	}
	p.Unreadable = o.unreadable
	p.Broken = len(o.unreadable) > 0
	p.keyless = o.keyless
	return p, r, nil
}

func addPatient(tx *store.Tx, p Patient) error {
	s := &sealer{v: &tx.View, subject: p.ID, table: "patient", row: p.ID}
	args := []any{p.ID, s.text("name", p.Name), s.text("phone", string(p.Phone)), s.text("email", string(p.Email)), s.text("birth_date", string(p.BirthDate)),
		s.text("sex", p.Sex), s.text("address", p.Address), p.Language, p.Minor, p.Source, p.SeenAt}
	if s.err != nil {
		return s.err
	}
	_, err := tx.Exec(sqlPatientAdd, args...)
	return err
}

// savePatient writes p over the row. A field that could not be opened and that p leaves empty
// keeps its bytes. The answer is false when the row is not at that version any more.
func savePatient(tx *store.Tx, p Patient, old sealedRow) (bool, error) {
	s := &sealer{v: &tx.View, subject: p.ID, table: "patient", row: p.ID}
	cell := func(column, text string, before []byte) []byte {
		if text == "" && p.unread(column) {
			return before
		}
		return s.text(column, text)
	}
	args := []any{p.ID, old.version, cell("name", p.Name, old.name), cell("phone", string(p.Phone), old.phone), cell("email", string(p.Email), old.email),
		cell("birth_date", string(p.BirthDate), old.birthDate), cell("sex", p.Sex, old.sex), cell("address", p.Address, old.address), p.Language, p.Minor}
	if s.err != nil {
		return false, s.err
	}
	n, err := tx.Exec(sqlPatientSave, args...)
	return n == 1, err
}

func openGuardian(v *store.View, rows *store.Rows) (patient id.ID, g Guardian, err error) {
	var name, phone, email []byte
	if err := rows.Scan(&patient, &g.ID, &name, &phone, &email, &g.Relation, &g.since, &g.adult); err != nil {
		return patient, g, err
	}
	o := &opener{v: v, subject: patient, table: "guardian", row: g.ID}
	g.Name, g.Phone, g.Email = o.text("name", name), contact.Phone(o.text("phone", phone)), contact.Email(o.text("email", email))
	g.Broken = len(o.unreadable) > 0
	return patient, g, nil
}

// readGuardians reads the guardians of one patient, the first entered first.
func readGuardians(v *store.View, patient id.ID) ([]Guardian, error) {
	rows, err := v.Query(sqlGuardiansOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Guardian
	for rows.Next() {
		_, g, err := openGuardian(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// guardiansOf reads the guardians of at most store.Widest patients, the first entered first.
func guardiansOf(v *store.View, patients []id.ID) (map[id.ID][]Guardian, error) {
	out := map[id.ID][]Guardian{}
	if len(patients) == 0 {
		return out, nil
	}
	args, width := store.Filled(patients)
	rows, err := v.Query(sqlGuardiansIn+store.In(2, width)+` ORDER BY created_at, id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		patient, g, err := openGuardian(v, rows)
		if err != nil {
			return nil, err
		}
		out[patient] = append(out[patient], g)
	}
	return out, rows.Err()
}

func addGuardian(tx *store.Tx, patient id.ID, g Guardian) error {
	s := &sealer{v: &tx.View, subject: patient, table: "guardian", row: g.ID}
	args := []any{patient, g.ID, s.text("name", g.Name), s.text("phone", string(g.Phone)), s.text("email", string(g.Email)), g.Relation, tx.Now(), nil}
	if g.adult != notSaid {
		args[len(args)-1] = g.adult
	}
	if s.err != nil {
		return s.err
	}
	_, err := tx.Exec(sqlGuardianAdd, args...)
	return err
}

func saveGuardian(tx *store.Tx, patient id.ID, g Guardian) error {
	s := &sealer{v: &tx.View, subject: patient, table: "guardian", row: g.ID}
	args := []any{patient, g.ID, s.text("name", g.Name), s.text("phone", string(g.Phone)), s.text("email", string(g.Email)), g.Relation}
	if s.err != nil {
		return s.err
	}
	return tx.Must(sqlGuardianSave, args...)
}

// readTokens reads the buckets in which the patient can be found now.
func readTokens(v *store.View, patient id.ID) (map[int64]bool, error) {
	rows, err := v.Query(sqlTokensOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var b int64
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		out[b] = true
	}
	return out, rows.Err()
}

func scanListed(rows *store.Rows, err error) ([]sealedRow, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []sealedRow
	for rows.Next() {
		var r sealedRow
		if err := rows.Scan(&r.id, &r.name, &r.phone, &r.email, &r.birthDate, &r.minor, &r.seenAt); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
