package consent

import (
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

const sqlConsentAdd = `INSERT INTO consent (clinic_id, patient_id, id, purpose, channel, given, notice_version, language, door, guardian_id, at, digest)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// The moment decides, and for one moment the id, which grows.
const sqlConsentsOf = `SELECT id, purpose, channel, given, notice_version, language, door, guardian_id, at, digest
	FROM consent WHERE clinic_id = $1 AND patient_id = $2 ORDER BY at DESC, id DESC`

const sqlConsentsFor = `SELECT id, purpose, channel, given, notice_version, language, door, guardian_id, at, digest
	FROM consent WHERE clinic_id = $1 AND patient_id = $2 AND purpose IN ($3, $4) ORDER BY at DESC, id DESC`

// Several patients' choices; it is completed with their ids and the order.
const sqlConsentsIn = `SELECT patient_id, id, purpose, channel, given, notice_version, language, door, guardian_id, at, digest
	FROM consent WHERE clinic_id = $1 AND patient_id IN `

// The texts that were shown, word for word: consents name them by their fingerprints.
const (
	sqlNoticeTextKeep = `INSERT INTO notice_text (clinic_id, digest, purpose, version, language, body, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (clinic_id, digest) DO NOTHING`
	sqlNoticeTexts    = `SELECT digest, purpose, language, body FROM notice_text WHERE clinic_id = $1`
	sqlTextless       = `SELECT COUNT(*) FROM consent c WHERE c.clinic_id = $1 AND c.digest <> '' AND NOT EXISTS (SELECT 1 FROM notice_text t WHERE t.clinic_id = c.clinic_id AND t.digest = c.digest)`
)

const sqlConsentErase = `DELETE FROM consent WHERE clinic_id = $1 AND patient_id = $2`

const (
	sqlNoticeAdd     = `INSERT INTO notice (clinic_id, purpose, version, language, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlNoticeCurrent = `SELECT n.purpose, n.version, n.language, n.body FROM notice n WHERE n.clinic_id = $1
	AND n.version = (SELECT MAX(m.version) FROM notice m WHERE m.clinic_id = $1 AND m.purpose = n.purpose) ORDER BY n.purpose, n.language`
	sqlNoticeLatest = `SELECT purpose, MAX(version) FROM notice WHERE clinic_id = $1 GROUP BY purpose`
	sqlNoticeAll    = `SELECT purpose, version, language, body FROM notice WHERE clinic_id = $1 ORDER BY purpose, version, language`
	sqlNoticeOne    = `SELECT purpose, version, language, body FROM notice WHERE clinic_id = $1 AND purpose = $2 AND version = $3 ORDER BY language`
)

// row is one choice as the table keeps it.
type row struct {
	id, guardian  id.ID
	purpose       Purpose
	channel       string
	given         bool
	version       int64
	language, via string
	at            clock.Instant
	digest        string // of the text that was shown
}

func scanRows(rows *store.Rows, err error) ([]row, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.purpose, &r.channel, &r.given, &r.version, &r.language, &r.via, &r.guardian, &r.at, &r.digest); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// readAll reads every choice of the patient, the latest first.
func readAll(v *store.View, patient id.ID) ([]row, error) {
	return scanRows(v.Query(sqlConsentsOf, patient))
}

// readFor reads the choices about one purpose and the restrictions, the latest first.
func readFor(v *store.View, patient id.ID, p Purpose) ([]row, error) {
	return scanRows(v.Query(sqlConsentsFor, patient, string(p), string(restriction)))
}

func addRow(tx *store.Tx, patient id.ID, r row) error {
	_, err := tx.Exec(sqlConsentAdd, patient, r.id, string(r.purpose), r.channel, r.given, r.version, r.language, r.via, id.Null(r.guardian), r.at, r.digest)
	return err
}

func scanNotices(rows *store.Rows, err error) ([]Notice, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.Purpose, &n.Version, &n.Language, &n.Body); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// readCurrent reads the clinic's own texts of the latest version of every purpose.
func readCurrent(v *store.View) ([]Notice, error) { return scanNotices(v.Query(sqlNoticeCurrent)) }

// readVersion reads the clinic's own texts of one version.
func readVersion(v *store.View, p Purpose, version int64) ([]Notice, error) {
	return scanNotices(v.Query(sqlNoticeOne, string(p), version))
}

// latestVersions is the version that counts now of every purpose that has a text of the clinic's own.
func latestVersions(v *store.View) (map[Purpose]int64, error) {
	rows, err := v.Query(sqlNoticeLatest)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[Purpose]int64{}
	for rows.Next() {
		var p Purpose
		var n int64
		if err := rows.Scan(&p, &n); err != nil {
			return nil, err
		}
		out[p] = n
	}
	return out, rows.Err()
}
