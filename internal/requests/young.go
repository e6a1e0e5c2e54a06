package requests

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/store"
)

// Data of a child for whom nobody speaks should not be here: each way in asks for a guardian. Where it is found all the same, because a date of birth was corrected, a
// guardian was never entered or the clinic's law has changed, the clinic is told and has a fortnight to add one. Then it is deleted (promise young-data-deleted).

// YoungFor is how long a clinic has to add a guardian. No law names a number; it is ours.
const YoungFor = 14 * 24 * time.Hour

const mostYoung = 200

// Young is a child for whom nobody speaks.
type Young struct {
	Patient  id.ID
	Name     patients.Name
	FoundAt  clock.Instant
	DeleteAt clock.Instant
}

// Young are the children for whom nobody speaks, the next to be deleted first.
func (s *Service) Young(ctx context.Context, who access.Caller) (out []Young, err error) {
	err = s.db.View(ctx, who, access.RequestRead, func(_ context.Context, v *store.View) error {
		if out, err = young(v); err != nil || len(out) == 0 {
			return err
		}
		ids := make([]id.ID, len(out))
		for i, y := range out {
			ids[i] = y.Patient
		}
		names, err := patients.Names(v, ids)
		for i := range out {
			out[i].Name = names[out[i].Patient]
		}
		v.Listed("young", "all", ids)
		return err
	})
	return out, err
}

func young(v *store.View) ([]Young, error) {
	rows, err := v.Query(sqlYoungList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Young
	for rows.Next() {
		var y Young
		if err := rows.Scan(&y.Patient, &y.FoundAt, &y.DeleteAt); err != nil {
			return nil, err
		}
		out = append(out, y)
	}
	return out, rows.Err()
}

// Overstayed counts the children for whom nobody speaks whose time was over before the moment, but for those whom an order of two people keeps (held).
func Overstayed(v *store.View, before clock.Instant, held func(patient id.ID) (bool, error)) (n int, err error) {
	list, err := young(v)
	if err != nil {
		return 0, err
	}
	for _, y := range list {
		if y.DeleteAt >= before {
			continue
		}
		kept, err := held(y.Patient)
		if err != nil {
			return 0, err
		}
		if !kept {
			n++
		}
	}
	return n, nil
}

// findYoung notes the children for whom nobody speaks, lets go those for whom somebody does now, and deletes those whose fortnight is over.
func (s *Service) findYoung(ctx context.Context, who access.Caller) error {
	var over []id.ID
	err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		over = nil
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		found, err := patients.Unguarded(&tx.View, c, mostYoung)
		if err != nil {
			return err
		}
		tx.Housekeeping("nobody was found whose guardian is missing, or it was found before")
		for _, p := range found {
			if err := noteYoung(tx, p); err != nil {
				return err
			}
		}
		list, err := young(&tx.View)
		if err != nil {
			return err
		}
		for _, y := range list {
			alone, err := patients.Alone(&tx.View, y.Patient, c)
			switch {
			case fault.Is(err, fault.NotFound) || err == nil && !alone:
				tx.Record(audit.Note{Action: "settle", Kind: "young", Subject: y.Patient})
				if _, err := tx.Exec(sqlYoungDrop, y.Patient); err != nil {
					return err
				}
			case err != nil:
				return err
			case y.DeleteAt <= tx.Now():
				over = append(over, y.Patient)
			}
		}
		return nil
	})
	if err != nil || len(over) == 0 {
		return err
	}
	if s.o.Believed != nil {
		if yes, err := s.o.Believed(ctx); err != nil || !yes {
			return err
		}
	}
	for _, p := range over { // one who cannot be deleted keeps no other waiting
		err = errors.Join(err, unlessHeld(s.o.Erase(ctx, who, p, func(v *store.View) error { // a guardian may have been added since
			c, err := clinics.Get(v)
			if err != nil {
				return err
			}
			if alone, err := patients.Alone(v, p, c); err != nil || alone {
				return err
			}
			return errSettled
		})))
	}
	return err
}

// agesAtATime is how many dates of birth one turn of the tour opens, and agesAgain how often a new tour begins.
const (
	agesAtATime = 500
	agesAgain   = 24 * time.Hour
)

// seeAges goes through all patients, some at a time, once a day and whenever the age of consent is another: a date of birth is sealed, and the mark in the row says how
// it was when she was last saved. It corrects the mark, notes children for whom nobody speaks, and ends the links of who has come of age: they went to
// whoever spoke for the child. Who agreed to a lower age is under it from the day on which it holds.
func (s *Service) seeAges(ctx context.Context, who access.Caller) error {
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the marks of ages follow dates of birth; a child who is found is recorded")
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		t, err := clinics.AgesSeen(&tx.View)
		if err != nil {
			return err
		}
		if over := t.Behind.IsZero(); over || t.For != c.MinorAge() {
			if over && t.For == c.MinorAge() && tx.Now().Sub(t.Began) < agesAgain {
				return nil
			}
			t = clinics.AgeTour{Began: tx.Now(), For: c.MinorAge()}
		}
		list, err := patients.Ages(&tx.View, c, t.Behind, agesAtATime)
		if err != nil {
			return err
		}
		t.Behind = id.Zero
		if len(list) == agesAtATime {
			t.Behind = list[len(list)-1].ID
		}
		for _, a := range list {
			if err := s.seeAge(tx, c, a); err != nil {
				return err
			}
		}
		return clinics.SeeAges(tx, t)
	})
}

func (s *Service) seeAge(tx *store.Tx, c clinics.Clinic, a patients.Aged) error {
	if a.AdultAge > c.MinorAge() {
		t, ok, err := policies.For(&tx.View, a.ID)
		if err == nil && ok && t.MinorAge < a.AdultAge {
			if err = patients.SetAge(tx, a.ID, t.MinorAge); err == nil {
				a.Child, err = patients.IsMinor(&tx.View, a.ID, c)
			}
		}
		if err != nil {
			return err
		}
	}
	if a.Child != a.Marked {
		if err := patients.SetChild(tx, a.ID, a.Child); err != nil {
			return err
		}
		if !a.Child && a.Guarded {
			if err := s.o.EndLinks(tx, a.ID); err != nil {
				return err
			}
		}
	}
	if a.Child && !a.Guarded {
		return noteYoung(tx, a.ID)
	}
	return nil
}

// noteYoung writes down a child for whom nobody speaks, once.
func noteYoung(tx *store.Tx, p id.ID) error {
	n, err := tx.Exec(sqlYoungAdd, p, tx.Now(), tx.Now().Add(YoungFor))
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "find", Kind: "young", Subject: p, Patient: p, New: map[string]any{"delete_at": tx.Now().Add(YoungFor)}})
	}
	return err
}

// AfterRestore begins the fortnight of every child anew, and the clinic is told again: a guardian who was entered since the backup is not in it, and her child would go in the first night
// (promise young-data-deleted).
func AfterRestore(tx *store.Tx) error {
	_, err := tx.Exec(sqlYoungAnew, tx.Now().Add(YoungFor))
	return err
}

const sqlYoungThere = `SELECT COUNT(*) FROM young_found WHERE clinic_id = $1 AND patient_id = $2`

// Unfound counts, of some patients behind the one, the children by their dates of birth for whom nobody speaks and of whom nobody was told, though the last tour has seen them.
func Unfound(v *store.View, behind id.ID, most int) (bad, looked int, err error) {
	c, err := clinics.Get(v)
	if err != nil {
		return 0, 0, err
	}
	t, err := clinics.AgesSeen(v)
	if err != nil || !t.Behind.IsZero() || t.For != c.MinorAge() {
		return 0, 0, err
	}
	list, err := patients.Ages(v, c, behind, most)
	for _, a := range list {
		if looked++; !a.Child || a.Guarded || a.CreatedAt >= t.Began {
			continue
		}
		var noted int
		if err = v.Row(sqlYoungThere, a.ID).Scan(&noted); err != nil {
			return bad, looked, err
		}
		if noted == 0 {
			bad++
		}
	}
	return bad, looked, err
}
