package support

import (
	"errors"
	"time"

	"almirah/internal/clock"
	"almirah/internal/store"
)

// What the live checks ask of this room. What arrived in an archive of another house has no entries of that house's log, and is passed over.

const (
	sqlLookLogged = `SELECT COUNT(*), COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = g.clinic_id AND e.subject_id = g.id AND e.kind = 'grant' AND e.action = CASE WHEN g.emergency THEN 'break-glass' ELSE 'ask-access' END)
	OR g.decided_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = g.clinic_id AND e.subject_id = g.id AND e.kind = 'grant' AND e.action IN ('let-in', 'refuse-access'))
	OR g.ended_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = g.clinic_id AND e.subject_id = g.id AND e.kind = 'grant' AND e.action IN ('end-access', 'take-back-asking')) THEN 1 END)
	FROM support_grant g WHERE g.clinic_id = $1 AND g.asked_at >= $2 AND g.asked_at > (SELECT COALESCE(MAX(w.at), 0) FROM audit_leaf w WHERE w.clinic_id = $1 AND w.subject_id = $1 AND w.action = 'arrive')`

	// Work that had begun when a grant ended is done: hence the two seconds.
	sqlLookAfter = `SELECT COUNT(*), COUNT(CASE WHEN g.ended_at > 0 AND e.at > g.ended_at + 2000000 OR g.ends_at > 0 AND e.at > g.ends_at + 2000000 THEN 1 END)
	FROM support_grant g JOIN audit_leaf e ON e.clinic_id = g.clinic_id AND e.grant_id = g.id AND e.grant_id IS NOT NULL AND e.kind <> 'grant' WHERE g.clinic_id = $1 AND g.asked_at >= $2`

	sqlLookEmergencies = `SELECT COUNT(*), COUNT(CASE WHEN minutes > 60 OR decided_by IS NOT NULL OR patient_id IS NOT NULL OR reviewed_at > 0 AND reviewed_by IS NULL THEN 1 END) FROM support_grant WHERE clinic_id = $1 AND asked_at >= $2 AND emergency`
	sqlEmergencies     = `SELECT asked_at FROM support_grant WHERE clinic_id = $1 AND asked_at >= $2 AND emergency ORDER BY asked_at DESC LIMIT 20`
)

// lookBack is how far the live checks look back: a grant is looked at for a month.
const lookBack = 30 * 24 * time.Hour

// Looked is what a live check of the sentence finds among the grants of the last month: how many rows it looked at, and an error that says what is
// wrong. A sentence that this room does not keep is looked at in nothing.
func Looked(v *store.View, sentence string) (int64, error) {
	since := v.Now().Add(-lookBack)
	switch sentence {
	case "support-logged":
		return v.Doubted(sqlLookLogged, "grants were asked for, decided or ended without an entry in the clinic's log", since)
	case "support-visible":
		if err := visible(v, since); err != nil {
			return 0, err
		}
		return v.Doubted(sqlLookAfter, "things were done under a grant that had ended", since)
	case "support-emergency":
		return v.Doubted(sqlLookEmergencies, "emergencies were longer than an hour, or opened a patient's record", since)
	}
	return 0, nil
}

// visible looks whether who looks, and until when, can be said of every grant that runs.
func visible(v *store.View, since clock.Instant) error {
	list, err := grants(v, sqlGrantAhead, since, v.Now(), v.Now().Add(-askedFor))
	if err != nil {
		return errors.Join(errors.New("who of support looks cannot be said"), err)
	}
	for _, g := range list {
		if g.Runs(v.Now()) && (g.HelperName == "" || g.EndsAt == 0) {
			return errors.New("somebody of support looks, and nobody is told who or until when")
		}
	}
	return nil
}

// Emergencies are the moments at which operators opened the clinic without having been let in, of the last month, the newest first, 20 at most.
func Emergencies(v *store.View) ([]clock.Instant, error) {
	rows, err := v.Query(sqlEmergencies, v.Now().Add(-lookBack))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []clock.Instant
	for rows.Next() {
		var at clock.Instant
		if err := rows.Scan(&at); err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	return out, rows.Err()
}
