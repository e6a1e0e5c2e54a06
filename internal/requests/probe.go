package requests

import (
	"errors"
	"slices"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/retention"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/words"
)

// What the live looks ask of this room. They count what must not be there and open no word of anybody's.

const (
	sqlLingering = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN state <> 'answered' OR decided_at <> came_at THEN 1 ELSE 0 END), 0) FROM data_request WHERE clinic_id = $1 AND kind = $2 AND door = 'link'`
	sqlVanished  = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM patient p WHERE p.clinic_id = l.clinic_id AND p.id = l.patient_id)
	AND NOT EXISTS (SELECT 1 FROM data_statement s WHERE s.clinic_id = l.clinic_id AND s.id = l.subject_id) THEN 1 ELSE 0 END), 0)
	FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2 AND l.kind = 'data-statement' AND l.action = 'state'`
	sqlStanding = `SELECT about, words FROM data_statement WHERE clinic_id = $1 ORDER BY id DESC LIMIT 200`
	sqlTypedIn  = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN NOT EXISTS (SELECT 1 FROM contact_proof c WHERE c.clinic_id = l.clinic_id AND c.patient_id = l.patient_id AND c.code IS NOT NULL AND c.ends_at = l.at) THEN 1 ELSE 0 END), 0)
	FROM audit_leaf l WHERE l.clinic_id = $1 AND l.id >= $2 AND l.role = 'patient' AND l.kind = 'patient' AND l.action = 'change'`
	// Once an address of hers was changed, or another conversation became hers, what is there today says nothing about that day.
	sqlTalked = `SELECT r.patient_id, r.thread_id FROM data_request r WHERE r.clinic_id = $1 AND r.door = 'talk' AND r.proof = 'contact' AND r.patient_id IS NOT NULL AND r.thread_id IS NOT NULL AND r.known_at >= $2
	AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.clinic_id = r.clinic_id AND l.patient_id = r.patient_id AND l.id >= $3 AND l.at >= r.known_at
	AND (l.action = 'identify' AND l.subject_id = r.id OR l.kind = 'patient' AND l.action <> 'open' OR l.kind = 'thread' AND l.action = 'link')) ORDER BY r.id DESC LIMIT 200`
	sqlUndone  = `SELECT patient_id FROM data_request WHERE clinic_id = $1 AND erase_at > 0 AND erase_at < $2 AND patient_id IS NOT NULL ORDER BY erase_at, id`
	sqlGuessed = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN tries > 5 OR code IS NOT NULL AND LENGTH(code) < 30 THEN 1 ELSE 0 END), 0) FROM contact_proof WHERE clinic_id = $1`
)

// Lingering counts what a person asked on her own page that is done at once and was not (promises request-copy-at-once, request-restriction).
func Lingering(v *store.View, kind law.Request) (bad, looked int64, err error) {
	return store.Tally(v, sqlLingering, string(kind))
}

// Unstated counts statements since the moment that are not there any more though the person is, and those that stand beside nothing or lie
// open (promise request-statement).
func Unstated(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	if bad, looked, err = store.Tally(v, sqlVanished, id.First(since.Time())); err != nil {
		return bad, looked, err
	}
	rows, err := v.Query(sqlStanding)
	if err != nil {
		return bad, looked, err
	}
	defer rows.Close()
	for rows.Next() {
		var about string
		var sealed []byte
		if err := rows.Scan(&about, &sealed); err != nil {
			return bad, looked, err
		}
		if looked++; !slices.Contains(Abouts(), about) || !vault.Sealed(sealed) {
			bad++
		}
	}
	return bad, looked, rows.Err()
}

// Unproved counts addresses that came on file since the moment by somebody's own page without the code that was sent there, and codes that were tried too
// often or lie open (promise request-contact-proved).
func Unproved(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	if bad, looked, err = store.Tally(v, sqlTypedIn, id.First(since.Time())); err != nil {
		return bad, looked, err
	}
	b, n, err := store.Tally(v, sqlGuessed)
	return bad + b, looked + n, err
}

// Refusing is the letter of a refusal that nobody was sent, as the clinic would write it in the language, and what has to stand in it: to whom one can
// complain, and that it costs nothing (promises request-authority, request-free).
func Refusing(book *words.Book, language string, c clinics.Clinic, at clock.Instant) (letter string, authority, free string) {
	r := Request{Kind: law.Deletion, State: Answered, Outcome: Refused, Ground: Keeping, Law: c.Jurisdiction, CameAt: at, DecidedAt: at, Why: "-"}
	t := book.Tongue(language)
	return Letter(book, language, c, r), complain(t, r.Law), t.Say("request.letter.free")
}

// Untraced counts requests out of conversations, of those since the moment, that were taken for the patient's own by what is on file though somebody wrote in the
// conversation from elsewhere (promise request-who-asks).
func Untraced(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	rows, err := v.Query(sqlTalked, since, id.First(since.Time()))
	if err != nil {
		return 0, 0, err
	}
	var all [][2]id.ID
	for rows.Next() {
		var patient, thread id.ID
		if err := rows.Scan(&patient, &thread); err != nil {
			_ = rows.Close()
			return 0, 0, err
		}
		all = append(all, [2]id.ID{patient, thread})
	}
	if err := rows.Close(); err != nil {
		return 0, 0, err
	}
	for _, x := range all {
		sure, err := messaging.WroteFromFile(v, x[1], x[0])
		if err != nil {
			return bad, looked, err
		}
		if looked++; !sure {
			bad++
		}
	}
	return bad, looked, nil
}

// Undone counts the deletions that were due before the moment and are not done though no order of two people holds them up (promise request-in-writing).
func Undone(v *store.View, before clock.Instant) (bad, looked int64, err error) {
	rows, err := v.Query(sqlUndone, before)
	if err != nil {
		return 0, 0, err
	}
	var all []id.ID
	for rows.Next() {
		var p id.ID
		if err := rows.Scan(&p); err != nil {
			_ = rows.Close()
			return 0, 0, err
		}
		all = append(all, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, err
	}
	for _, p := range all {
		_, held, err := retention.Held(v, p)
		if err != nil {
			return bad, looked, err
		}
		if looked++; !held {
			bad++
		}
	}
	return bad, looked, nil
}
