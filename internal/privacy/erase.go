package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// pieceSize is how large a piece of what is held is at most, in bytes: a file in it is cut.
const pieceSize = 256 << 10

// The cell that is sealed: what is held lies in pieces, the record of an erasure beside the keys in one.
const (
	tablePart, columnBody = "held_part", "body"
	tableErasure          = "erasure"
	columnAside           = "aside"
)

// The parts of an erasure's record beside the keys.
const (
	partRecord = iota
	partFirst
	partSecond
	partAsks
)

// record is what lies beside the keys about an erasure, so that a restore from before it finds everything again. It names nobody.
type record struct {
	ID      id.ID         `json:"id"`
	By      id.ID         `json:"by"`
	Reason  string        `json:"reason"`
	At      clock.Instant `json:"at"`
	Holds   []Hold        `json:"holds"`
	Carried []Carried     `json:"carried"`
}

// Erase erases the patient: what a law wants kept is sealed under retention keys, every room's rows go, and her key is destroyed as the last thing before all is
// committed. It answers the erasure, with certificate one when nothing is left. The reason is a short code. When it fails or the process dies, Finish completes what the
// destruction of the key began; before that nothing has happened. fault.NotFound, fault.Conflict while an order forbids it.
func (s *Service) Erase(ctx context.Context, who access.Caller, patient id.ID, reason string) (id.ID, error) {
	return s.EraseBy(ctx, who, access.PatientDelete, patient, reason)
}

// EraseBy is Erase by another right: the clinic's own work carries out what staff decided, or what the law sets a day for.
func (s *Service) EraseBy(ctx context.Context, who access.Caller, right access.Right, patient id.ID, reason string) (id.ID, error) {
	return s.EraseWhile(ctx, who, right, patient, reason, nil)
}

// EraseWhile is EraseBy for a reason that may have gone since somebody looked: still is asked in the same Change, before anything is destroyed. What it answers comes
// back, and nothing has happened then.
func (s *Service) EraseWhile(ctx context.Context, who access.Caller, right access.Right, patient id.ID, reason string, still func(v *store.View) error) (id.ID, error) {
	if err := store.Withheld(ctx); err != nil { // a key that is destroyed is not rolled back
		return id.Zero, err
	}
	var one id.ID
	held := false
	err := s.db.Change(ctx, who, right, func(ctx context.Context, tx *store.Tx) (err error) {
		if one, err = s.erase(ctx, tx, patient, reason, still); err != nil {
			return err
		}
		holds, err := holdsOf(&tx.View, one)
		if err != nil {
			return err
		}
		open, _, err := openAsks(&tx.View, one)
		held = len(holds) > 0 || open > 0
		return err
	})
	if s.o.Spread != nil {
		defer func() { s.o.Spread(ctx, held) }()
	}
	if err != nil {
		return id.Zero, err
	}
	if s.o.After != nil {
		if err := s.o.After(ctx, who.Clinic()); err != nil {
			s.log.Warn("erasure: what holds her outside the database waits for the next hour", "error", err.Error())
		}
	}
	if err := s.certify(ctx, who, right, one, false); err != nil {
		s.log.Warn("erasure: certificate one waits for the next hour", "error", err.Error()) // she is erased all the same
	}
	return one, nil
}

func (s *Service) erase(ctx context.Context, tx *store.Tx, patient id.ID, reason string, still func(v *store.View) error) (id.ID, error) {
	if _, err := patients.Find(&tx.View, patient); err != nil {
		return id.Zero, err
	}
	// The same Change again, after its end was refused when the key was destroyed already: everything is beside the keys.
	gone, err := s.o.Vault.Gone(ctx, tx.Clinic(), patient)
	if err != nil {
		return id.Zero, err
	}
	if gone {
		return s.finish(ctx, tx, patient)
	}
	if _, err := patients.Hold(tx, patient); err != nil { // an order about her, or an invoice to her, waits for us, and finds her gone
		return id.Zero, err
	}
	if still != nil {
		if err := still(&tx.View); err != nil {
			return id.Zero, err
		}
	}
	d, err := s.draw(&tx.View, patient)
	if err != nil {
		return id.Zero, err
	}
	if d.Waiting {
		return id.Zero, errWaits(d.Waits)
	}
	was, err := d.sum()
	if err != nil {
		return id.Zero, err
	}
	r := record{ID: tx.NewID(), By: tx.Caller().Actor(), Reason: reason, At: tx.Now(), Carried: d.Carried}
	parts, err := s.pack(ctx, tx, &d)
	if err != nil {
		return id.Zero, err
	}
	r.Holds = d.Holds
	asks, err := s.asks(tx, patient)
	if err != nil {
		return id.Zero, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return id.Zero, err
	}
	sealed, err := tx.Seal(vault.ClinicData, tableErasure, columnAside, r.ID, string(text))
	if err != nil {
		return id.Zero, err
	}
	aside := []vault.Aside{{ID: r.ID, Owner: r.ID, Part: partRecord, Body: sealed}}
	for i, list := range parts {
		for _, p := range list {
			aside = append(aside, vault.Aside{ID: p.id, Owner: r.Holds[i].ID, Part: p.number, Body: p.body})
		}
	}
	if len(asks) > 0 {
		list, err := asideOf(tx, r.ID, asks)
		if err != nil {
			return id.Zero, err
		}
		aside = append(aside, list)
	}
	if err := s.o.Vault.SetAside(ctx, tx.Clinic(), patient, aside); err != nil {
		return id.Zero, err
	}
	if err := put(tx, patient, r, parts); err != nil {
		return id.Zero, err
	}
	if err := putAsks(tx, r.ID, asks); err != nil {
		return id.Zero, err
	}
	if err := s.rows(tx, patient, "delete"); err != nil {
		return id.Zero, err
	}
	if err := s.still(tx, patient, was); err != nil {
		return id.Zero, err
	}
	return r.ID, s.o.Vault.Shred(ctx, tx.Clinic(), patient, reason)
}

// pack makes the retention keys and seals what is held under them, in pieces, by hold.
func (s *Service) pack(ctx context.Context, tx *store.Tx, d *drawn) ([][]part, error) {
	out := make([][]part, len(d.Holds))
	for i := range d.Holds {
		h := &d.Holds[i]
		h.ID = tx.NewID()
		if !h.Sealed {
			continue
		}
		if err := s.o.Vault.AddHeld(ctx, tx.Clinic(), h.ID, h.Last); err != nil {
			return nil, err
		}
		var list []HeldRecord
		for _, r := range d.bodies[i] {
			list = append(list, heldRecord(r))
		}
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		ring, err := tx.Ring()
		if err != nil {
			return nil, err
		}
		ring.Custody(false, h.ID)
		for n := int64(0); len(text) > 0; n++ {
			p := part{id: tx.NewID(), number: n}
			piece := text[:min(pieceSize, len(text))]
			text = text[len(piece):]
			if p.body, err = ring.Seal(vault.Cell{Subject: h.ID, Table: tablePart, Column: columnBody, Row: p.id}, piece); err != nil {
				return nil, err
			}
			out[i] = append(out[i], p)
		}
	}
	return out, nil
}

func heldRecord(r law.Record) HeldRecord {
	body := map[string]string{}
	for k, x := range r.Body {
		if x != "" {
			body[k] = x
		}
	}
	return HeldRecord{Table: r.Table, Day: r.Day, Body: body}
}

// unpack opens what is held; the caller is a custodian. An order of two people keeps it beyond its last day.
func unpack(v *store.View, hold id.ID, beyond bool) (out []HeldRecord, err error) {
	list, err := partsOf(v, hold)
	if err != nil {
		return nil, err
	}
	ring, err := v.Ring()
	if err != nil {
		return nil, err
	}
	ring.Custody(beyond, hold)
	var text []byte
	for _, p := range list {
		piece, err := ring.Open(vault.Cell{Subject: hold, Table: tablePart, Column: columnBody, Row: p.id}, p.body)
		if errors.Is(err, vault.ErrShredded) {
			return nil, fault.Missing()
		}
		if err != nil {
			return nil, err
		}
		text = append(text, piece...)
	}
	return out, json.Unmarshal(text, &out)
}

// put writes this room's rows of an erasure; what is there stays.
func put(tx *store.Tx, patient id.ID, r record, parts [][]part) error {
	if _, err := tx.Exec(sqlAdd, r.ID, patient, id.Null(r.By), r.Reason, r.At); err != nil {
		return err
	}
	for i, h := range r.Holds {
		if _, err := tx.Exec(sqlHoldAdd, h.ID, r.ID, string(h.Class), string(h.Last), h.Source, h.Number, flag(h.Sealed)); err != nil {
			return err
		}
		for _, p := range parts[i] {
			if _, err := tx.Exec(sqlPartAdd, p.id, h.ID, p.number, p.body); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "hold", Kind: "erasure", Subject: r.ID, New: map[string]any{"class": string(h.Class), "until": string(h.Last), "number": h.Number}})
	}
	for _, c := range r.Carried {
		if _, err := tx.Exec(sqlCarrierAdd, tx.NewID(), r.ID, c.Carrier, c.Number, c.AskedAt); err != nil {
			return err
		}
	}
	tx.Record(audit.Note{Action: "erase", Kind: "erasure", Subject: r.ID})
	return nil
}

// rows takes the patient out of every room.
func (s *Service) rows(tx *store.Tx, patient id.ID, action string) error {
	tx.Record(audit.Note{Action: action, Kind: "patient", Subject: patient})
	for _, k := range s.o.Rooms {
		if err := k.Erase(tx, patient); err != nil {
			if errors.Is(err, store.ErrFenced) { // somebody added a row that hangs on one of these since
				err = fmt.Errorf("privacy: %w: a row was added meanwhile: %w", store.ErrRetry, err)
			}
			return err
		}
	}
	return nil
}

// still is nil when what was drawn of the patient is what was deleted, and store.ErrRetry when somebody saved something in between: it would be destroyed, and not held. Her rows are deleted
// and their locks are ours, so that nobody changes one any more and nobody adds one that hangs on them; what is there now is what is there at the end.
func (s *Service) still(tx *store.Tx, patient id.ID, was [sha256.Size]byte) error {
	return tx.Beside(func(v *store.View) error {
		d, err := s.draw(v, patient)
		if err != nil {
			return err
		}
		now, err := d.sum()
		if err == nil && now != was {
			err = fmt.Errorf("privacy: %w: something of the patient was saved while she was being erased", store.ErrRetry)
		}
		return err
	})
}

// finish completes the erasure of somebody whose key was destroyed: what is held comes back from beside the keys, and her rows go. It answers the
// erasure, or zero when nothing lies beside the keys: then only her rows go.
func (s *Service) finish(ctx context.Context, tx *store.Tx, patient id.ID) (id.ID, error) {
	aside, err := s.o.Vault.Asides(ctx, tx.Clinic(), patient)
	if err != nil {
		return id.Zero, err
	}
	var r record
	var asks []ask
	text := func(a vault.Aside) (string, error) {
		return tx.Unseal(vault.ClinicData, tableErasure, columnAside, a.ID, a.Body)
	}
	for _, a := range aside {
		if a.ID == a.Owner {
			var into any = &r
			if a.Part == partAsks {
				into = &asks
			}
			said, err := text(a)
			if err == nil {
				err = json.Unmarshal([]byte(said), into)
			}
			if err != nil {
				return id.Zero, err
			}
		}
	}
	certificates := map[int64]string{}
	pieces := map[id.ID][]part{}
	for _, a := range aside {
		switch {
		case a.Part == partAsks && a.ID == a.Owner:
		case a.Owner != r.ID:
			pieces[a.Owner] = append(pieces[a.Owner], part{a.ID, a.Part, a.Body})
		case a.ID != r.ID:
			if certificates[a.Part], err = text(a); err != nil {
				return id.Zero, err
			}
		}
	}
	if !r.ID.IsZero() {
		parts := make([][]part, len(r.Holds))
		for i, h := range r.Holds {
			parts[i] = pieces[h.ID]
		}
		if err := put(tx, patient, r, parts); err != nil {
			return id.Zero, err
		}
		if err := putAsks(tx, r.ID, asks); err != nil {
			return id.Zero, err
		}
		for _, x := range []struct{ set, text string }{{sqlFirst, certificates[partFirst]}, {sqlSecond, certificates[partSecond]}} {
			if c, err := Read([]byte(x.text)); err == nil {
				if _, err := tx.Exec(x.set, r.ID, clock.At(c.IssuedAt), x.text); err != nil {
					return id.Zero, err
				}
			}
		}
	}
	return r.ID, s.rows(tx, patient, "finish-delete")
}

// Finish completes every erasure of the clinic whose key was destroyed since the moment and whose rows are there, or whose record is not: one that a crash broke off, or
// data that came back from a backup.
func (s *Service) Finish(ctx context.Context, who access.Caller, since clock.Instant) error {
	gone, err := s.o.Vault.Shredded(ctx, who.Clinic(), since)
	if err != nil || len(gone) == 0 {
		return err
	}
	var left []id.ID
	var asking []Erasure // with something that is still asked for: an answer may be known beside the keys
	err = s.db.View(ctx, who, access.Work, func(ctx context.Context, v *store.View) error {
		left, asking = left[:0], asking[:0]
		for _, one := range gone {
			_, err := patients.Find(v, one)
			switch {
			case fault.Is(err, fault.NotFound):
				list, err := erasures(v, sqlOf, one)
				if err != nil {
					return err
				}
				if len(list) > 0 {
					open, _, err := openAsks(v, list[0].ID)
					if err != nil {
						return err
					}
					if open > 0 {
						asking = append(asking, list[0])
					}
				}
				if len(list) == 0 { // a backup from before she came, or the end of a hold
					aside, err := s.o.Vault.Asides(ctx, v.Clinic(), one)
					if err != nil {
						return err
					}
					if len(aside) > 0 {
						left = append(left, one)
					}
				}
			case err != nil:
				return err
			default:
				left = append(left, one)
			}
		}
		return nil
	})
	for _, one := range left {
		if err == nil {
			err = s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error {
				_, err := s.finish(ctx, tx, one)
				return err
			})
		}
	}
	for _, e := range asking {
		if err == nil {
			err = s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error { return s.mend(ctx, tx, e) })
		}
	}
	return err
}
