package prescriptions

import (
	"encoding/json"
	"strconv"
	"time"

	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
)

const (
	sqlSharesAll   = `SELECT ` + shareColumns + ` FROM prescription_share WHERE clinic_id = $1 AND patient_id = $2 ORDER BY created_at, id`
	sqlLinksErase  = `DELETE FROM prescription_link WHERE clinic_id = $1 AND share_id IN (SELECT id FROM prescription_share WHERE clinic_id = $1 AND patient_id = $2)`
	sqlSharesErase = `DELETE FROM prescription_share WHERE clinic_id = $1 AND patient_id = $2`
	sqlEndsErase   = `DELETE FROM prescription_end WHERE clinic_id = $1 AND patient_id = $2`
	sqlSheetsErase = `DELETE FROM prescription WHERE clinic_id = $1 AND patient_id = $2`
	sqlLinksAge    = `DELETE FROM prescription_link WHERE clinic_id = $1 AND share_id IN (SELECT id FROM prescription_share WHERE clinic_id = $1 AND expires_at < $2)`
	sqlSharesAge   = `DELETE FROM prescription_share WHERE clinic_id = $1 AND expires_at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
	sqlDraftsAge   = `DELETE FROM prescription WHERE clinic_id = $1 AND signed_at = 0 AND saved_at < $2 AND patient_id NOT IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')`
)

// Keeper copies out, erases and expires what this room holds of a patient, as long as Lives says.
type Keeper struct{ Lives law.Lives }

// Name is the keeper's name in holdings.
func (Keeper) Name() string { return "prescriptions" }

// Tables are the tables with something personal in them.
func (Keeper) Tables() []string {
	return []string{"prescription", "prescription_end", "prescription_share", "prescription_link"}
}

func moment(i clock.Instant) string {
	if i.IsZero() {
		return ""
	}
	return i.Time().Format(time.RFC3339)
}

// Collect copies out the patient's sheets, how they ended, and the links that were sent. What cannot be opened is said to be unreadable.
func (Keeper) Collect(v *store.View, patient id.ID) (map[string][]map[string]string, error) {
	all, err := several(v, sqlPrescriptionAll, patient)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]string{}
	for _, p := range all {
		line := map[string]string{"id": p.ID.String(), "state": string(p.State), "language": p.Language, "created": moment(p.CreatedAt), "signed": moment(p.SignedAt)}
		if p.Broken {
			line["body"] = "(unreadable)"
		} else {
			for name, value := range map[string]any{"body": content{Rows: p.Rows, Advice: p.Advice, Reasons: p.Reasons}, "sheet": p.Sheet} {
				text, err := json.Marshal(value)
				if err != nil {
					return nil, err
				}
				line[name] = string(text)
			}
		}
		out["prescription"] = append(out["prescription"], line)
		if p.EndedAt > 0 {
			out["prescription_end"] = append(out["prescription_end"], map[string]string{"prescription": p.ID.String(), "reason": p.EndReason, "ended": moment(p.EndedAt)})
		}
	}
	rows, err := v.Query(sqlSharesAll, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		s, err := scanShare(rows)
		if err != nil {
			return nil, err
		}
		out["prescription_share"] = append(out["prescription_share"], map[string]string{"id": s.ID.String(), "prescription": s.Prescription.String(), "channel": s.Channel, "created": moment(s.CreatedAt),
			"until": moment(s.ExpiresAt), "revoked": moment(s.RevokedAt), "opened": strconv.Itoa(s.Opened), "opened_at": moment(s.OpenedAt)})
	}
	return out, rows.Err()
}

// Erase deletes everything of the patient. It stands before visits and patients, whose rows it points to.
func (Keeper) Erase(tx *store.Tx, patient id.ID) error {
	var gone int64
	for _, text := range []string{sqlLinksErase, sqlSharesErase, sqlEndsErase, sqlSheetsErase} {
		n, err := tx.Exec(text, patient)
		if err != nil {
			return err
		}
		gone += n
	}
	if gone > 0 {
		tx.Record(audit.Note{Action: "erase", Kind: "prescription", Subject: patient, New: gone})
	}
	return nil
}

// Due deletes links that ended long ago and drafts that nobody signed, and answers how many. A signed sheet does not age by itself: it goes
// when the patient or the clinic does.
func (k Keeper) Due(tx *store.Tx) (int, error) {
	tx.Housekeeping("links that have ended, and drafts that nobody signed")
	total := 0
	for _, text := range []string{sqlLinksAge, sqlSharesAge, sqlDraftsAge} {
		n, err := tx.Exec(text, k.Lives.Over(law.Passing, tx.Now()))
		if err != nil {
			return total, err
		}
		k.Lives.Went(law.Passing, n)
		total += int(n)
	}
	return total, nil
}
