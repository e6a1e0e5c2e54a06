package retention

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// What two people said to keep lies beside the keys as well, where no restore of the data takes it away. A database that comes back from before an order knows nothing of it, and its next night
// would destroy what a court wants (promise legal-hold). The vault has it under the clinic's own id, one part an order, sealed as everything of the clinic's is.

const (
	sqlHoldStands = `SELECT ` + holdColumns + ` AND state = 'held' AND until >= $2 ORDER BY id`
	sqlHoldBack   = `INSERT INTO legal_hold (clinic_id, id, patient_id, state, reason, until, asked_by, asked_at, approved_by, approved_at) VALUES ($1, $2, $3, 'held', $4, $5, $6, $7, $8, $9)
	ON CONFLICT (clinic_id, id) DO UPDATE SET state = 'held', approved_by = excluded.approved_by, approved_at = excluded.approved_at, version = legal_hold.version + 1 WHERE legal_hold.state = 'asked'`
	sqlHoldYields = `UPDATE legal_hold SET state = 'ended', ended_at = $4, version = version + 1 WHERE clinic_id = $1 AND patient_id = $2 AND id <> $3 AND state IN ('asked', 'held')`
)

// order is a hold that stands, as it lies beside the keys.
type order struct {
	Patient    id.ID
	Reason     string
	Until      clock.Date
	AskedBy    id.ID
	AskedAt    clock.Instant
	ApprovedBy id.ID
	ApprovedAt clock.Instant
}

// besideKeys brings what lies beside the keys to the holds that stand. Each night does it, so that whatever broke off between the two is made good, and orders of a clinic that moved in, or from
// before a release that knew of this, come there too.
func (s *Service) besideKeys(ctx context.Context, who access.Caller, by access.Right) error {
	lie, err := s.db.Vault().Asides(ctx, who.Clinic(), who.Clinic()) // before the rows are read: of two at once, neither takes away what the other has just put there
	if err != nil {
		return err
	}
	var missing []id.ID
	over := map[id.ID]bool{}
	for _, a := range lie {
		over[a.ID] = true
	}
	err = s.db.View(ctx, who, by, func(_ context.Context, v *store.View) error {
		list, err := standing(v)
		for _, h := range list {
			if !over[h.ID] {
				missing = append(missing, h.ID)
			}
			delete(over, h.ID)
		}
		return err
	})
	if err != nil || len(missing) == 0 && len(over) == 0 {
		return err
	}
	for one := range maps.Keys(over) {
		if err := s.db.Vault().DropAside(ctx, who.Clinic(), who.Clinic(), one); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		err = s.db.Change(ctx, who, by, func(ctx context.Context, tx *store.Tx) error {
			tx.Housekeeping("orders that stand lie beside the keys as well")
			list, err := standing(&tx.View)
			if err != nil {
				return err
			}
			for _, h := range list {
				if !slices.Contains(missing, h.ID) {
					continue
				}
				if err := s.layDown(ctx, tx, h); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil && s.o.Spread != nil {
		s.o.Spread(ctx)
	}
	return err
}

func (s *Service) layDown(ctx context.Context, tx *store.Tx, h Hold) error {
	text, err := json.Marshal(order{h.Patient, h.Reason, h.Until, h.AskedBy, h.AskedAt, h.ApprovedBy, h.ApprovedAt})
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(vault.ClinicData, "legal_hold", "beside", h.ID, string(text))
	if err != nil {
		return err
	}
	return s.db.Vault().AddAside(ctx, tx.Clinic(), tx.Clinic(), vault.Aside{ID: h.ID, Owner: h.ID, Body: sealed})
}

// forgetOrders takes away what lies beside the keys of a clinic that goes.
func (s *Service) forgetOrders(ctx context.Context, clinic id.ID) error {
	lie, err := s.db.Vault().Asides(ctx, clinic, clinic)
	for _, a := range lie {
		if err := s.db.Vault().DropAside(ctx, clinic, clinic, a.ID); err != nil {
			return err
		}
	}
	return err
}

// standing are the holds that keep something today.
func standing(v *store.View) ([]Hold, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	return holds(v, sqlHoldStands, clock.DateOf(v.Now().In(c.Location())))
}

// OrdersAfterRestore has every order stand again that two people gave after the backup, before a night can take what it keeps. Whoever is not in the backup has nothing that it could keep. An order that
// was lifted since stands again until somebody lifts it again.
func (s *Service) OrdersAfterRestore(ctx context.Context, who access.Caller) error {
	lie, err := s.db.Vault().Asides(ctx, who.Clinic(), who.Clinic())
	if err != nil || len(lie) == 0 {
		return err
	}
	return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("orders that came after a backup stand again")
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		for _, a := range lie {
			var o order
			text, err := tx.Unseal(vault.ClinicData, "legal_hold", "beside", a.ID, a.Body)
			if err == nil {
				err = json.Unmarshal([]byte(text), &o)
			}
			if err != nil {
				return err
			}
			if o.Until < clock.DateOf(tx.Now().In(c.Location())) {
				continue
			}
			if err := orderBack(tx, a.ID, o); err != nil {
				return err
			}
		}
		return nil
	})
}

func orderBack(tx *store.Tx, one id.ID, o order) error {
	there, err := patients.Hold(tx, o.Patient)
	if err != nil || !there {
		return err
	}
	if had, err := holds(&tx.View, sqlHoldGet, one); err != nil || len(had) > 0 && had[0].State != Asked {
		return err
	}
	sealed, err := tx.Seal(vault.ClinicData, "legal_hold", "reason", one, o.Reason)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(sqlHoldYields, o.Patient, one, tx.Now()); err != nil { // an earlier one that was over when this was given: one stands at a time
		return err
	}
	n, err := tx.Exec(sqlHoldBack, one, o.Patient, sealed, o.Until, o.AskedBy, o.AskedAt, o.ApprovedBy, o.ApprovedAt)
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "hold-came-back", Kind: "hold", Subject: one, Patient: o.Patient, New: map[string]any{"until": o.Until}})
	}
	return err
}
