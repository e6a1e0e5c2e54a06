package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/vault"
)

// seenAgain is how long the same list is not written down again for the same sign-in and day.
const seenAgain = 15 * time.Minute

type seenList struct {
	kind, key, whole string // whole: the key of a list that this one is a part of; empty for none
	ids              []id.ID
}

// Opened writes down that one record was opened (promise: who looked at me). patient is zero
// when the record is not about a patient.
func (v *View) Opened(kind string, subject, patient id.ID) {
	v.opened = append(v.opened, audit.Note{Action: audit.ActionOpen, Kind: kind, Subject: subject, Patient: patient})
}

// Listed writes down that a list was shown: one entry with the sealed ids, and none when the
// same sign-in saw the same list (kind and key, such as "day" and "2026-11-24") less than a
// quarter of an hour ago and nobody is new on it. So the log knows everybody whom a sign-in saw.
func (v *View) Listed(kind, key string, ids []id.ID) {
	v.lists = append(v.lists, seenList{kind: kind, key: key, ids: ids})
}

// ListedPart is Listed for a part of a list, such as one column of a day: nothing is written when
// the same sign-in was shown the whole, or this part, less than a quarter of an hour ago, with everybody who is on it.
func (v *View) ListedPart(kind, whole, part string, ids []id.ID) {
	v.lists = append(v.lists, seenList{kind: kind, key: part, whole: whole, ids: ids})
}

const sqlSeenAt = `SELECT at, ids FROM audit_seen WHERE clinic_id = $1 AND session = $2 AND list = $3`

// lately says whether the same sign-in was shown the list less than a quarter of an hour ago, with all of these on it.
func (v *View) lately(kind, key string, ids []id.ID) (bool, error) {
	if key == "" || v.who.Session().IsZero() {
		return false, nil
	}
	var at clock.Instant
	var shown []byte
	err := v.Row(sqlSeenAt, v.who.Session(), kind+" "+key).Scan(&at, &shown)
	if err == ErrNoRows {
		return false, nil
	}
	return err == nil && v.now >= at && v.now.Sub(at) < seenAgain && within(ids, shown), err
}

// joined are the ids one after the other.
func joined(ids []id.ID) []byte {
	out := make([]byte, 0, len(ids)*len(id.Zero))
	for _, one := range ids {
		out = append(out, one[:]...)
	}
	return out
}

// within says whether every id is among those that were joined.
func within(ids []id.ID, shown []byte) bool {
	known := make(map[id.ID]bool, len(shown)/len(id.Zero))
	for part := range slices.Chunk(shown, len(id.Zero)) {
		known[id.ID(part)] = len(part) == len(id.Zero)
	}
	for _, one := range ids {
		if !known[one] {
			return false
		}
	}
	return true
}

// unseen turns what was opened and listed into the notes that have to be written, and keeps of the lists those.
func (v *View) unseen() ([]audit.Note, error) {
	notes := v.opened
	var fresh []seenList
	for _, l := range v.lists {
		seen, err := v.lately(l.kind, l.whole, l.ids)
		if err == nil && !seen {
			seen, err = v.lately(l.kind, l.key, l.ids)
		}
		if err != nil {
			return nil, err
		}
		if seen {
			continue
		}
		fresh = append(fresh, l)
		notes = append(notes, audit.Note{Action: audit.ActionList, Kind: l.kind, Subject: v.who.Clinic(), New: audit.Seen{Day: l.key, IDs: l.ids}})
	}
	v.lists = fresh
	return notes, nil
}

const sqlSeenMark = `INSERT INTO audit_seen (clinic_id, session, list, at, ids) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (clinic_id, session, list) DO UPDATE SET at = excluded.at, ids = excluded.ids`

// writeSeen writes what a View showed, in a transaction of its own: the readers cannot write.
// The result is handed out only after this succeeded.
func (db *DB) writeSeen(ctx context.Context, v *View, notes []audit.Note) error {
	return db.again(ctx, func() error {
		s, err := db.begin(ctx, v.who.Clinic(), true)
		if err != nil {
			return err
		}
		defer s.rollback()
		s.ctx = v.ctx
		tx := &Tx{View: View{s: s, ctx: v.ctx, who: v.who, right: v.right, now: v.now, lists: v.lists}}
		defer tx.close()
		if err := tx.account(notes); err != nil {
			return err
		}
		return s.commit()
	})
}

// account writes the audit entries of a passage: its own notes and what it showed.
func (t *Tx) account(seen []audit.Note) error {
	for _, n := range t.notes {
		if err := t.leaf(n); err != nil {
			return err
		}
	}
	for _, n := range seen {
		if err := t.leaf(n); err != nil {
			return err
		}
	}
	if len(seen) > 0 && !t.who.Session().IsZero() {
		for _, l := range t.lists {
			if err := t.s.later(sqlSeenMark, t.bind([]any{t.who.Session(), l.kind + " " + l.key, t.now, joined(l.ids)})); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	sqlLeafAdd = `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment, grant_id, session_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sqlDetailAdd  = `INSERT INTO audit_detail (clinic_id, leaf_id, owner_id, sealed) VALUES ($1, $2, $3, $4)`
	sqlPendingAdd = `INSERT INTO audit_pending (clinic_id, leaf_id, body, commitment) VALUES ($1, $2, $3, $4)`
)

// leaf writes one entry: the leaf that stays for ever, its details sealed under the key of the
// person they are about (so that they go when she goes), and its place in the queue for the tree.
func (t *Tx) leaf(n audit.Note) error {
	return writeLeaf(t.s, t.ring_, t.who, t.who.Clinic(), t.now, n)
}

func (t *Tx) ring_() (*vault.Ring, error) { return t.Ring() }

func writeLeaf(s *session, ring func() (*vault.Ring, error), who access.Caller, clinic id.ID, now clock.Instant, n audit.Note) error {
	e := audit.Entry{ID: id.New(now.Time()), Clinic: clinic, At: now, Actor: who.Actor(), Role: who.Role(), Purpose: who.Purpose(), Action: n.Action, Kind: n.Kind, Subject: n.Subject, Patient: n.Patient, Grant: who.Grant().ID, Session: who.Session()}
	body, err := e.Body()
	if err != nil {
		return err
	}
	details, err := n.Details()
	if err != nil {
		return fmt.Errorf("store: audit details of %s %s: %w", n.Action, n.Kind, err)
	}
	salt := audit.NewSalt()
	commitment := audit.Commit(salt, details)
	owner := n.Patient
	if owner.IsZero() {
		owner = vault.ClinicData
	}
	r, err := ring()
	if err != nil {
		return err
	}
	sealed, err := r.Seal(vault.Cell{Subject: owner, Table: "audit_detail", Column: "sealed", Row: e.ID}, append(salt, details...))
	if errors.Is(err, vault.ErrShredded) {
		// The person was erased. That somebody looked is still written down; what it says of her
		// is not, because nothing may be sealed for her any more.
		if details, err = (audit.Note{}).Details(); err != nil {
			return err
		}
		owner, commitment = vault.ClinicData, audit.Commit(salt, details)
		sealed, err = r.Seal(vault.Cell{Subject: owner, Table: "audit_detail", Column: "sealed", Row: e.ID}, append(salt[:audit.SaltSize:audit.SaltSize], details...))
	}
	if err != nil {
		return err
	}
	if err := s.later(sqlLeafAdd, []any{clinic, e.ID, now, who.Actor(), string(who.Role()), n.Action, n.Kind, n.Subject, n.Patient, body, commitment, id.Null(who.Grant().ID), id.Null(who.Session())}); err != nil {
		return err
	}
	if err := s.later(sqlDetailAdd, []any{clinic, e.ID, owner, sealed}); err != nil {
		return err
	}
	return s.later(sqlPendingAdd, []any{clinic, e.ID, body, commitment})
}

const sqlSeenOld = `DELETE FROM audit_seen WHERE clinic_id = $1 AND at < $2`

// Tidy forgets which lists were seen more than a quarter of an hour ago. System does it.
func (db *DB) Tidy(ctx context.Context, who access.Caller) error {
	return db.Change(ctx, who, access.Work, func(_ context.Context, tx *Tx) error {
		tx.Housekeeping("lists that were seen long ago count again")
		_, err := tx.Exec(sqlSeenOld, tx.Now().Add(-seenAgain))
		return err
	})
}
