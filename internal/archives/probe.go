package archives

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// What the live looks ask of this room.

const (
	sqlEarly = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN l.made_id IS NOT NULL AND (i.state IN ('read', 'checking', 'checked') OR l.verdict <> 'made') THEN 1 ELSE 0 END), 0)
	FROM list_line l JOIN list_import i ON i.clinic_id = l.clinic_id AND i.id = l.import_id WHERE l.clinic_id = $1`
	sqlArrivals = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN a.signer = '' OR a.canonical = '' THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN a.done_at = 0 AND EXISTS (SELECT 1 FROM clinic_route r WHERE r.clinic_id = a.clinic_id AND r.opened_at > 0) OR a.done_at > 0 AND EXISTS (SELECT 1 FROM clinic c WHERE c.clinic_id = a.clinic_id AND c.held)
	AND EXISTS (SELECT 1 FROM message m WHERE m.clinic_id = a.clinic_id AND m.state = 'sent' AND m.state_at > a.done_at) THEN 1 ELSE 0 END), 0) FROM arrival a WHERE a.clinic_id = $1`
	sqlCopiedBy = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN patient_id <> subject_id OR actor_id = $3 AND role <> 'patient' THEN 1 ELSE 0 END), 0)
	FROM audit_leaf WHERE clinic_id = $1 AND id >= $2 AND kind = 'patient' AND action = 'export'`
)

// Hasty counts lines of lists that made a patient before anybody took the list, and lines about somebody who was here or was wrong that made one (promise
// list-import).
func Hasty(v *store.View) (bad, looked int64, err error) { return store.Tally(v, sqlEarly) }

// Arrivals counts clinics that came by an archive whose key nobody vouched for, and those that opened before all of it was there, or sent something before
// anybody let go (promises export-signed, export-arrives).
func Arrivals(v *store.View) (unvouched, halfway, looked int64, err error) {
	err = v.Row(sqlArrivals).Scan(&looked, &unvouched, &halfway)
	return unvouched, halfway, looked, err
}

// Nameless counts copies of a patient since the moment of which the log does not say who made them or whose they are (promise export-person).
func Nameless(v *store.View, since clock.Instant) (bad, looked int64, err error) {
	return store.Tally(v, sqlCopiedBy, id.First(since.Time()), id.Zero)
}

// Genuine makes an archive of nobody with the key that signs archives here, in memory, and looks whether it opens, and whether it is refused when it is
// changed, cut off, or told to be signed by another key (promise export-signed). key is the signer's public half.
func Genuine(signer note.Signer, key string, at time.Time) error {
	var made bytes.Buffer
	b := &binder{zip: zip.NewWriter(&made), at: at.UTC().Truncate(2 * time.Second)}
	if err := b.add("data/nobody.jsonl", false, func(w io.Writer) error { _, err := io.WriteString(w, "{\"nobody\":1}\n"); return err }); err != nil {
		return err
	}
	m := Manifest{Form: Form, MadeAt: at.UTC().Format(time.RFC3339), Key: key, Canonical: Canonical(nil), Members: b.members}
	if err := b.finish(m, signer); err != nil {
		return err
	}
	open := func(raw []byte) error { _, err := Open(bytes.NewReader(raw), int64(len(raw)), nil); return err }
	if err := open(made.Bytes()); err != nil {
		return err
	}
	changed := slices.Clone(made.Bytes())
	changed[bytes.Index(changed, []byte("nobody\":1"))+len("nobody\":")] = '2'
	if open(changed) == nil || open(made.Bytes()[:made.Len()/2]) == nil {
		return errors.New("archives: one that was changed or cut off opens")
	}
	return nil
}
