package prescriptions

import (
	"encoding/json"
	"errors"

	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

const (
	prescriptionColumns = `p.id, p.patient_id, p.encounter_id, p.provider_id, p.author_id, p.replaces, p.language, p.remote, p.body, p.sheet, p.created_at, p.saved_at, p.signed_at, p.signed_by, p.version,
	COALESCE(e.ended_at, 0), e.ended_by, e.reason, e.next_id`
	prescriptionFrom = ` FROM prescription p LEFT JOIN prescription_end e ON e.clinic_id = p.clinic_id AND e.prescription_id = p.id `

	sqlPrescriptionGet  = `SELECT ` + prescriptionColumns + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.id = $2`
	sqlPrescriptionOf   = `SELECT ` + prescriptionColumns + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.patient_id = $2 ORDER BY p.created_at DESC, p.id DESC LIMIT $3`
	sqlPrescriptionLast = `SELECT ` + prescriptionColumns + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.patient_id = $2 AND p.signed_at > 0 AND e.prescription_id IS NULL ORDER BY p.signed_at DESC, p.id DESC LIMIT 1`
	sqlPrescriptionAll  = `SELECT ` + prescriptionColumns + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.patient_id = $2 ORDER BY p.created_at, p.id`
	sqlPrescriptionAdd  = `INSERT INTO prescription (clinic_id, id, patient_id, encounter_id, provider_id, author_id, replaces, language, remote, body, created_at, saved_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlPrescriptionSave = `UPDATE prescription SET provider_id = $4, author_id = $5, language = $6, remote = $7, body = $8, saved_at = $9, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
	sqlPrescriptionSign = `UPDATE prescription SET provider_id = $4, sheet = $5, signed_as = $6, code_hash = $7, checked = $8, signed_at = $9, signed_by = $10, version = version + 1
	WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
	sqlPrescriptionDrop = `DELETE FROM prescription WHERE clinic_id = $1 AND id = $2 AND version = $3 AND signed_at = 0`
	sqlEndAdd           = `INSERT INTO prescription_end (clinic_id, prescription_id, patient_id, reason, next_id, ended_at, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	sqlGenuine          = `SELECT p.id, p.signed_at, p.signed_as, COALESCE(e.ended_at, 0)` + prescriptionFrom + `WHERE p.clinic_id = $1 AND p.code_hash = $2`
)

const (
	sqlSetList = `SELECT id, letters, title, body FROM prescription_set WHERE clinic_id = $1 ORDER BY letters`
	sqlSetAdd  = `INSERT INTO prescription_set (clinic_id, id, letters, title, body, changed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	sqlSetDrop = `DELETE FROM prescription_set WHERE clinic_id = $1 AND id = $2`

	sqlListLatest = `SELECT number, title, hash, lines, body, added_at FROM drug_list WHERE clinic_id = $1 AND kind = $2 ORDER BY number DESC LIMIT 1`
	sqlListAdd    = `INSERT INTO drug_list (clinic_id, kind, number, title, hash, lines, body, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
	sqlListNames  = `SELECT number, title, lines, added_at FROM drug_list WHERE clinic_id = $1 AND kind = $2 ORDER BY number DESC LIMIT $3`

	sqlAliasList = `SELECT alias, generic FROM drug_alias WHERE clinic_id = $1 ORDER BY alias`
	sqlAliasAdd  = `INSERT INTO drug_alias (clinic_id, alias, generic) VALUES ($1, $2, $3) ON CONFLICT (clinic_id, alias) DO UPDATE SET generic = excluded.generic`
	sqlAliasDrop = `DELETE FROM drug_alias WHERE clinic_id = $1 AND alias = $2`

	sqlPaperGet = `SELECT days, paper, version FROM prescription_setting WHERE clinic_id = $1`
	sqlPaperAdd = `INSERT INTO prescription_setting (clinic_id, days, paper) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	sqlPaperSet = `UPDATE prescription_setting SET days = $3, paper = $4, version = version + 1 WHERE clinic_id = $1 AND version = $2`
)

const (
	shareColumns = `id, prescription_id, patient_id, channel, created_at, created_by, expires_at, revoked_at, opened, opened_at`

	sqlShareAdd    = `INSERT INTO prescription_share (clinic_id, id, prescription_id, patient_id, channel, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlShareGet    = `SELECT ` + shareColumns + ` FROM prescription_share WHERE clinic_id = $1 AND id = $2`
	sqlShareOf     = `SELECT ` + shareColumns + ` FROM prescription_share WHERE clinic_id = $1 AND prescription_id = $2 ORDER BY created_at DESC, id DESC`
	sqlShareRevoke = `UPDATE prescription_share SET revoked_at = $3 WHERE clinic_id = $1 AND id = $2 AND revoked_at = 0`
	sqlSharesEnd   = `UPDATE prescription_share SET revoked_at = $3 WHERE clinic_id = $1 AND patient_id = $2 AND revoked_at = 0 AND expires_at > $3
		AND EXISTS (SELECT 1 FROM prescription_link l WHERE l.clinic_id = $1 AND l.share_id = prescription_share.id)`
	sqlShareOpened = `UPDATE prescription_share SET opened = opened + 1, opened_at = $3 WHERE clinic_id = $1 AND id = $2`
	sqlLinkAdd     = `INSERT INTO prescription_link (clinic_id, token_hash, share_id, created_at) VALUES ($1, $2, $3, $4)`
	sqlLinkGet     = `SELECT s.id, s.patient_id, s.expires_at, s.revoked_at FROM prescription_link l JOIN prescription_share s ON s.clinic_id = l.clinic_id AND s.id = l.share_id WHERE l.clinic_id = $1 AND l.token_hash = $2`
)

// scan reads a row and opens it. What cannot be opened is marked as Broken, not left out.
func scan(v *store.View, row interface{ Scan(...any) error }) (p Prescription, err error) {
	var body, sheet, reason []byte
	err = row.Scan(&p.ID, &p.Patient, &p.Encounter, &p.Provider, &p.Author, &p.Replaces, &p.Language, &p.Remote, &body, &sheet, &p.CreatedAt, &p.SavedAt, &p.SignedAt, &p.SignedBy, &p.Version,
		&p.EndedAt, &p.EndedBy, &reason, &p.Next)
	if errors.Is(err, store.ErrNoRows) {
		return p, fault.Missing()
	}
	if err != nil {
		return p, err
	}
	switch p.State = Drafted; {
	case p.EndedAt > 0:
		p.State = Cancelled
	case p.SignedAt > 0:
		p.State = Signed
	}
	var c content
	open := func(table, column string, sealed []byte, into any) {
		text, err := v.Unseal(p.Patient, table, column, p.ID, sealed)
		if err != nil || text != "" && json.Unmarshal([]byte(text), into) != nil {
			p.Broken = true
		}
	}
	open("prescription", "body", body, &c)
	open("prescription", "sheet", sheet, &p.Sheet)
	open("prescription_end", "reason", reason, &p.EndReason)
	p.Rows, p.Advice, p.Reasons = c.Rows, c.Advice, c.Reasons
	return p, nil
}

func get(v *store.View, one id.ID) (Prescription, error) {
	return scan(v, v.Row(sqlPrescriptionGet, one))
}

func several(v *store.View, text string, args ...any) ([]Prescription, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Prescription
	for rows.Next() {
		p, err := scan(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// seal seals a value of the sheet as JSON.
func seal(v *store.View, patient id.ID, table, column string, row id.ID, value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return v.Seal(patient, table, column, row, string(text))
}

// write keeps a draft: a new row for version 0, the row's next version otherwise. When somebody else wrote it, or it is signed,
// it is fault.Conflict.
func write(tx *store.Tx, d *Draft, provider id.ID) error {
	body, err := seal(&tx.View, d.Patient, "prescription", "body", d.ID, content{Rows: d.Rows, Advice: d.Advice, Reasons: d.Reasons})
	if err != nil {
		return err
	}
	var n int64
	if d.Version == 0 {
		n, err = tx.Exec(sqlPrescriptionAdd, d.ID, d.Patient, id.Null(d.Encounter), id.Null(provider), tx.Caller().Actor(), id.Null(d.Replaces), d.Language, d.Remote, body, tx.Now())
	} else {
		n, err = tx.Exec(sqlPrescriptionSave, d.ID, d.Version, id.Null(provider), tx.Caller().Actor(), d.Language, d.Remote, body, tx.Now())
	}
	if err == nil && n == 0 {
		return stale()
	}
	d.Version++
	return err
}

// Share is one link to a sheet, as the sheet's page lists it.
type Share struct {
	ID, Prescription, Patient id.ID
	Channel                   string
	CreatedAt                 clock.Instant
	CreatedBy                 id.ID
	ExpiresAt                 clock.Instant
	RevokedAt                 clock.Instant // 0: not taken back
	Opened                    int           // how often the patient's page was opened
	OpenedAt                  clock.Instant // last
}

// Live says whether the link opens its page at the moment.
func (s Share) Live(now clock.Instant) bool { return s.RevokedAt == 0 && s.ExpiresAt > now }

func scanShare(row interface{ Scan(...any) error }) (s Share, err error) {
	err = row.Scan(&s.ID, &s.Prescription, &s.Patient, &s.Channel, &s.CreatedAt, &s.CreatedBy, &s.ExpiresAt, &s.RevokedAt, &s.Opened, &s.OpenedAt)
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return s, err
}

func sharesOf(v *store.View, sheet id.ID) ([]Share, error) {
	rows, err := v.Query(sqlShareOf, sheet)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Share
	for rows.Next() {
		s, err := scanShare(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
