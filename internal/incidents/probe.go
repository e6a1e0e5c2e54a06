package incidents

import (
	"errors"
	"fmt"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// What the live checks ask of this room.

const (
	sqlLookUntold = `SELECT COUNT(*), COUNT(CASE WHEN mailed_at = 0 AND found_at < $2 THEN 1 END) FROM incident WHERE clinic_id = $1 AND state <> 'closed'`

	sqlLookRegister = `SELECT COUNT(*), COUNT(CASE WHEN i.state = 'closed' AND (i.closed_by IS NULL OR i.lessons IS NULL OR i.closed_at = 0 OR i.signed_at > 0 AND (i.signed_by IS NULL OR i.signed_at < i.closed_at)
	OR EXISTS (SELECT 1 FROM incident_step s WHERE s.clinic_id = i.clinic_id AND s.incident_id = i.id AND s.at > i.closed_at))
	OR i.state <> 'closed' AND EXISTS (SELECT 1 FROM audit_leaf e WHERE e.clinic_id = i.clinic_id AND e.subject_id = i.id AND e.kind = 'incident' AND e.action = 'close')
	OR i.state = 'confirmed' AND i.notifiable <> '' AND (i.why IS NULL OR i.decided_by IS NULL) THEN 1 END) FROM incident i WHERE i.clinic_id = $1`

	sqlLookComputed = `SELECT ` + columns + ` AND computed_at >= $2 AND state <> 'closed' ORDER BY found_at DESC, id DESC LIMIT 3`
	sqlLookPeople   = `SELECT patient_id, told_at FROM incident_patient WHERE clinic_id = $1 AND incident_id = $2 LIMIT 5001`
	sqlLookStruck   = `SELECT COUNT(*) FROM incident WHERE clinic_id = $1 AND cause = $2`
	sqlLookSince    = `SELECT created_at FROM clinic WHERE clinic_id = $1`
	sqlLookHere     = `SELECT COUNT(*) FROM patient WHERE clinic_id = $1 AND id = $2`

	sqlLookParties = `SELECT ` + eventColumns + ` WHERE processor <> '' AND state <> 'suspected' AND found_at >= $1 ORDER BY found_at DESC LIMIT 20`
)

// How late what the watch does may be: it looks every five minutes.
const (
	watchLate = 30 * time.Minute
	tellLate  = time.Hour
	hitLate   = 24 * time.Hour // for an operator to press the button that tells the clinics
)

// Looked is what a live check of the sentence finds in the clinic's register: how many it looked at, and an error that says what is wrong. A sentence
// that this room does not keep is looked at in nothing.
func Looked(v *store.View, sentence string) (int64, error) {
	switch sentence {
	case "incident-noticed":
		n, err := unnoticed(v)
		if err != nil {
			return n, err
		}
		told, err := v.Doubted(sqlLookUntold, "incidents were told to no owner for an hour", v.Now().Add(-tellLate))
		return n + told, err
	case "incident-register":
		return v.Doubted(sqlLookRegister, "incidents were changed after they were closed, or do not say what was learnt, or who decided")
	}
	return 0, nil
}

// unnoticed looks for entries of the last day that the rules are about and of which no incident stands.
func unnoticed(v *store.View) (n int64, err error) {
	list, err := marked(v, v.Now().Add(-24*time.Hour))
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		if x.From > v.Now().Add(-watchLate) {
			continue
		}
		var known int64
		if err := v.Row(sqlLookStruck, x.Cause).Scan(&known); err != nil {
			return n, err
		}
		if n++; known == 0 {
			return n, fmt.Errorf("a sign of the kind %q was noticed by nobody", x.Rule)
		}
	}
	return n, nil
}

// Exact computes anew whom the clinic's newest open incidents touched, and holds that against what is written down. It answers how many patients it
// compared. What is still going on may have touched more since; nobody may be written down whom it did not touch.
func Exact(v *store.View, carries func(processor string) bool) (n int64, err error) {
	list, err := read(v, sqlLookComputed, v.Now().Add(-comparedFor))
	if err != nil {
		return 0, err
	}
	for _, i := range list {
		one, err := compared(v, i, carries(i.Processor))
		if n += one; err != nil {
			return n, err
		}
	}
	return n, nil
}

// comparedFor is how long after it was computed an incident is computed again by the live check: what the log says of it then has not grown old.
const comparedFor = 30 * 24 * time.Hour

func compared(v *store.View, i Incident, carries bool) (n int64, err error) {
	rows, err := v.Query(sqlLookPeople, i.ID)
	if err != nil {
		return 0, err
	}
	kept := map[id.ID]clock.Instant{}
	for rows.Next() {
		var one id.ID
		var told clock.Instant
		if err := rows.Scan(&one, &told); err != nil {
			return 0, errors.Join(err, rows.Close())
		}
		kept[one] = told
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(kept) > 5000 {
		return 0, err // so many take longer than a look may
	}
	past := i
	if past.To == 0 || past.To > i.ComputedAt {
		past.To = i.ComputedAt // what came later was not there to be computed
	}
	found, err := look(v, past, carries)
	if err != nil {
		return 0, err
	}
	for one, told := range kept {
		if n++; found[one] == nil && told == 0 { // whoever was told stays, whatever is computed later
			return n, errors.New("somebody stands in an incident whom it did not touch")
		}
	}
	for one, x := range found {
		if _, there := kept[one]; there || x.first > i.ComputedAt.Add(-time.Minute) { // what was under way at that moment
			continue
		}
		var here int64
		if err := v.Row(sqlLookHere, one).Scan(&here); err != nil {
			return n, err
		}
		if n++; here > 0 {
			return n, errors.New("somebody whom an incident touched does not stand in it")
		}
	}
	return n, nil
}

// Parties are the platform's incidents of the last two months at parties that it uses, with the clinics that were told of each.
func Parties(p *store.Platform) ([]Event, error) {
	list, err := events(p, sqlLookParties, p.Now().Add(-60*24*time.Hour))
	if err != nil {
		return nil, err
	}
	for n := range list {
		if list[n].Clinics, err = clinicsOf(p, sqlEventClinics, list[n].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Hit looks how the clinic stands to an incident at a party: told says that the platform says it told the clinic. Who was told has an incident of
// her own; who used the party in that time was told within a day. It answers whether there was anything to look at.
func Hit(v *store.View, e Event, carries, told bool) (looked bool, err error) {
	var own int64
	if err := v.Row(sqlLookStruck, "processor:"+e.ID.String()).Scan(&own); err != nil {
		return false, err
	}
	if told {
		if own == 0 {
			return true, errors.New("a clinic is said to have been told of what happened at a party, and has no incident")
		}
		return true, nil
	}
	if e.FoundAt > v.Now().Add(-hitLate) {
		return false, nil
	}
	var since clock.Instant
	if err := v.Row(sqlLookSince).Scan(&since); err != nil {
		return false, err
	}
	used := !carries && since <= e.To
	if carries {
		list, err := messaging.Passed(v, e.Processor, e.From, e.To+1)
		if err != nil {
			return false, err
		}
		used = len(list) > 0
	}
	if used {
		return true, errors.New("a clinic used a party at which something went wrong, and was not told within a day")
	}
	return false, nil
}
