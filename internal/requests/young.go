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
			n, err := tx.Exec(sqlYoungAdd, p, tx.Now(), tx.Now().Add(YoungFor))
			if err != nil {
				return err
			}
			if n > 0 {
				tx.Record(audit.Note{Action: "find", Kind: "young", Subject: p, Patient: p, New: map[string]any{"delete_at": tx.Now().Add(YoungFor)}})
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
