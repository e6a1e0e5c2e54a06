package retention

import (
	"context"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// State is how a hold stands.
type State string

// The states of a hold. One that is asked for holds nothing yet.
const (
	Asked   State = "asked"
	Holds   State = "held"
	Refused State = "refused"
	Ended   State = "ended" // lifted, or its last day is over
)

// Hold keeps a patient's records, whatever else would take them away: for a court, an authority, or a claim that is expected (promise legal-hold).
type Hold struct {
	ID         id.ID
	Patient    id.ID
	Name       patients.Name // hers, in lists
	State      State
	Reason     string     // sealed
	Until      clock.Date // its last day, in the clinic's zone
	AskedBy    id.ID
	AskedAt    clock.Instant
	ApprovedBy id.ID
	ApprovedAt clock.Instant // zero: nobody approved it
	EndedBy    id.ID         // zero: nobody ended it, or its last day was over
	EndedAt    clock.Instant
	Version    int64
}

// LongestHold is how far ahead a hold's last day may lie, in days: it is asked for anew, by two people, when it is still needed. Ours; no law gives a number.
const LongestHold = 2 * 366

// mostReason is how long a reason may be, in characters; a shorter one than leastReason says nothing.
const (
	leastReason = 10
	mostReason  = 1000
)

func reasonOf(typed string, f *fault.Fields) string {
	t := strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed))
	switch n := utf8.RuneCountInString(t); {
	case n < leastReason:
		f.AddWith("reason", "field.reason.short", map[string]any{"Least": leastReason})
	case n > mostReason:
		f.AddWith("reason", "field.words.long", map[string]any{"Most": mostReason})
	}
	return t
}

// AskHold asks for a hold of the patient's records up to and with a day. It holds nothing before another person approved it. fault.Invalid names "reason"
// and "until"; fault.NotFound when she is not there; fault.Conflict when a hold stands or is asked for already.
func (s *Service) AskHold(ctx context.Context, who access.Caller, patient id.ID, reason string, until clock.Date) (one id.ID, err error) {
	err = s.db.Change(ctx, who, access.RetentionHold, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		var f fault.Fields
		reason := reasonOf(reason, &f)
		if today := clock.DateOf(tx.Now().In(c.Location())); !until.Valid() || until < today || until > today.AddDays(LongestHold) {
			f.AddWith("until", "field.hold.until", map[string]any{"Days": LongestHold})
		}
		if err := f.Err(); err != nil {
			return err
		}
		if err := overHolds(tx, c, patient); err != nil {
			return err
		}
		one = tx.NewID()
		sealed, err := tx.Seal(vault.ClinicData, "legal_hold", "reason", one, reason)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlHoldAdd, one, patient, sealed, until, who.Actor(), tx.Now())
		if err == nil && n != 1 {
			err = fault.New(fault.Conflict, "fault.hold_there")
		}
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "ask-hold", Kind: "hold", Subject: one, Patient: patient, New: map[string]any{"until": until}})
		return nil
	})
	return one, err
}

// ApproveHold makes the hold stand. fault.Forbidden for whoever asked for it, or joined after it was asked for; fault.NotFound when there is none of that id; fault.Conflict when it no longer
// waits, or its last day is over.
func (s *Service) ApproveHold(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	here, err := s.here(ctx, who)
	if err != nil {
		return err
	}
	return s.decideHold(ctx, who, one, func(tx *store.Tx, h Hold, today clock.Date) error {
		if h.AskedBy == who.Actor() {
			return fault.New(fault.Forbidden, "fault.another_person")
		}
		if here > h.AskedAt {
			return accounts.TooNew()
		}
		if h.State != Asked || h.Until < today {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		// Her row is locked first, as an erasure does: either it finds the hold, or we find her gone.
		there, err := patients.Hold(tx, h.Patient)
		if err == nil && !there {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "approve-hold", Kind: "hold", Subject: one, Patient: h.Patient, New: map[string]any{"until": h.Until}})
		return changed(tx.Exec(sqlHoldApprove, one, version, who.Actor(), tx.Now()))
	})
}

// EndHold refuses a hold that waits, or lifts one that stands: then the records live on as their class says. Whoever asked may take back what nobody approved.
// fault.NotFound when there is none of that id; fault.Conflict when it is over.
func (s *Service) EndHold(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.decideHold(ctx, who, one, func(tx *store.Tx, h Hold, _ clock.Date) error {
		to, action := Ended, "end-hold"
		switch h.State {
		case Asked:
			to, action = Refused, "refuse-hold"
		case Holds:
		default:
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: action, Kind: "hold", Subject: one, Patient: h.Patient, Old: h.State, New: to})
		return changed(tx.Exec(sqlHoldEnd, one, version, string(to), who.Actor(), tx.Now()))
	})
}

func (s *Service) decideHold(ctx context.Context, who access.Caller, one id.ID, do func(tx *store.Tx, h Hold, today clock.Date) error) error {
	err := s.db.Change(ctx, who, access.RetentionHold, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		list, err := holds(&tx.View, sqlHoldGet, one)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing()
		}
		return do(tx, list[0], clock.DateOf(tx.Now().In(c.Location())))
	})
	if err != nil {
		return err
	}
	if err := s.besideKeys(context.WithoutCancel(ctx), who, access.RetentionHold); err != nil { // what was decided stands, and the night tries it again
		s.log.ErrorContext(ctx, "an order does not lie beside the keys yet", "error", err.Error())
	}
	return nil
}

func changed(n int64, err error) error {
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "fault.changed_meanwhile")
	}
	return err
}

// Holds are the clinic's holds that stand or wait, and the last that are over, at most a hundred. Whose they are is in the log.
func (s *Service) Holds(ctx context.Context, who access.Caller) (out []Hold, err error) {
	err = s.db.View(ctx, who, access.RetentionRead, func(_ context.Context, v *store.View) error {
		if out, err = holds(v, sqlHoldList); err != nil || len(out) == 0 {
			return err
		}
		ids := make([]id.ID, len(out))
		for i, h := range out {
			ids[i] = h.Patient
		}
		v.Listed("hold", "holds", ids)
		names, err := patients.Names(v, ids)
		for i, h := range out {
			out[i].Name = names[h.Patient]
		}
		return err
	})
	return out, err
}

// HoldOf is the hold that stands for the patient or waits to be approved, for her page. there is false when there is none. The reason is for
// those who may hold; others learn that there is one, and until when.
func (s *Service) HoldOf(ctx context.Context, who access.Caller, patient id.ID) (out Hold, there bool, err error) {
	err = s.db.View(ctx, who, access.PatientRead, func(_ context.Context, v *store.View) error {
		out, there, err = openHold(v, patient)
		return err
	})
	if !who.May(access.RetentionHold) {
		out.Reason = ""
	}
	return out, there, err
}

// Held says whether the law keeps the patient's records now, whatever else would take them away, and until the end of which day in the clinic's zone.
func Held(v *store.View, patient id.ID) (until clock.Date, held bool, err error) {
	h, there, err := openHold(v, patient)
	return h.Until, there && h.State == Holds, err
}

// Free is nil when no hold keeps the patient's records; else fault.Conflict, which says until when. It is asked before anything of her is destroyed.
func Free(v *store.View, patient id.ID) error {
	until, held, err := Held(v, patient)
	if err == nil && held {
		err = fault.New(fault.Conflict, "fault.held_until").With("Date", string(until))
	}
	return err
}

// openHold is the hold of the patient that is not over, though a day that has ended since the last run may still stand in its row.
func openHold(v *store.View, patient id.ID) (Hold, bool, error) {
	list, err := holds(v, sqlHoldOpen, patient)
	if err != nil || len(list) == 0 {
		return Hold{}, false, err
	}
	c, err := clinics.Get(v)
	if err != nil {
		return Hold{}, false, err
	}
	if list[0].Until < clock.DateOf(v.Now().In(c.Location())) {
		return Hold{}, false, nil
	}
	return list[0], true, nil
}

// overHolds ends the holds whose last day is over: of one patient, or of all (id.Zero), which a run alone does that believes its clock.
func overHolds(tx *store.Tx, c clinics.Clinic, patient id.ID) error {
	list, err := holds(&tx.View, sqlHoldOver, clock.DateOf(tx.Now().In(c.Location())))
	if err != nil {
		return err
	}
	for _, h := range list {
		if !patient.IsZero() && h.Patient != patient {
			continue
		}
		if _, err := tx.Exec(sqlHoldEnd, h.ID, h.Version, string(Ended), nil, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "hold-ran-out", Kind: "hold", Subject: h.ID, Patient: h.Patient, New: map[string]any{"until": h.Until}})
	}
	return nil
}
