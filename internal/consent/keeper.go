package consent

import (
	"strconv"

	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

// Keeper copies out, erases and expires what this room holds.
type Keeper struct{ Lives law.Lives }

// sqlConsentOver are choices that a later one about the same thing has replaced long ago; what stands is never taken away. A note of the same purpose for
// another channel replaces nothing.
const sqlConsentOver = `DELETE FROM consent WHERE clinic_id = $1 AND at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')
	AND EXISTS (SELECT 1 FROM consent later WHERE later.clinic_id = $1 AND later.patient_id = consent.patient_id AND later.purpose = consent.purpose AND later.channel = consent.channel AND later.at > consent.at AND later.at < $2)`

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "consent" }

// Tables are the tables that it keeps.
func (Keeper) Tables() []string { return []string{"notice", "consent"} }

// Collect copies out every choice of the patient, the latest first, with the words that she was shown.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	rows, err := readAll(v, patient)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var out []map[string]string
	for _, r := range rows {
		line := map[string]string{
			"id": r.id.String(), "purpose": string(r.purpose), "channel": r.channel, "given": strconv.FormatBool(r.given),
			"language": r.language, "door": r.via, "at": r.at.Time().Format("2006-01-02T15:04:05.000000Z07:00"),
		}
		if !r.guardian.IsZero() {
			line["guardian_id"] = r.guardian.String()
		}
		if r.version > 0 {
			line["notice_version"] = strconv.FormatInt(r.version, 10)
			n, err := shown(v, r)
			if err != nil {
				return nil, err
			}
			line["notice"] = n.Body
		}
		out = append(out, line)
	}
	return map[string][]map[string]string{"consent": out}, nil
}

func shown(v *store.View, r row) (Notice, error) {
	if r.version == firstVersion {
		return Standard(r.purpose, r.language)
	}
	own, err := readVersion(v, r.purpose, r.version)
	if err != nil {
		return Notice{}, err
	}
	return pick(own, r.purpose, r.language, nil)
}

// Erase deletes the patient's choices; the clinic's notices stay. The caller names the subject.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	_, err := tx.Exec(sqlConsentErase, patient)
	return err
}

// Due takes away choices that were replaced so long ago that nobody has to prove them any more, and answers how many.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("choices that were replaced long ago")
	n, err := tx.Exec(sqlConsentOver, k.Lives.Over(law.Consents, tx.Now()))
	k.Lives.Went(law.Consents, n)
	return int(n), err
}
